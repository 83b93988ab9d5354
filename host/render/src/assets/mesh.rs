//! Meshes: triangles in space, as words in the layout that a GPU reads. Knows no GPU.

use std::fmt;
use std::sync::Arc;

use super::error::AssetError;

/// Words of a vertex: position, normal, texture coordinates and colour, see `wit/assets.wit`.
pub const VERTEX_WORDS: usize = 9;
/// Largest size of a mesh: 64 MiB.
const MOST: usize = 64 << 20;

/// Vertices, and the indices that make triangles of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Mesh {
    /// Vertices, [`VERTEX_WORDS`] words each.
    pub vertices: Arc<[u32]>,
    /// Indices, three for each triangle.
    pub indices: Arc<[u32]>,
}

impl Mesh {
    /// Makes a mesh of these words.
    ///
    /// # Errors
    /// When the indices make no triangles or name a missing vertex, or when the mesh is too large.
    pub fn new(vertices: &[u32], indices: &[u32]) -> Result<Self, AssetError> {
        let wrong = |message: String| Err(AssetError::Damaged(message));
        if size_of_val(vertices) + size_of_val(indices) > MOST {
            return wrong(format!("a mesh has {} MiB at most", MOST >> 20));
        }
        if vertices.is_empty() || !vertices.len().is_multiple_of(VERTEX_WORDS) {
            let words = vertices.len();
            return wrong(format!("{words} words of vertices, of {VERTEX_WORDS} each"));
        }
        if indices.is_empty() || !indices.len().is_multiple_of(3) {
            let count = indices.len();
            return wrong(format!("{count} indices, three for each triangle"));
        }
        let count = vertices.len() / VERTEX_WORDS;
        if let Some(index) = indices.iter().find(|index| **index as usize >= count) {
            return wrong(format!("it names vertex {index}, and has {count}"));
        }
        Ok(Self {
            vertices: vertices.into(),
            indices: indices.into(),
        })
    }

    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        ((self.vertices.len() + self.indices.len()) * size_of::<u32>()) as u64
    }
}

impl fmt::Debug for Mesh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mesh({} triangles)", self.indices.len() / 3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_mesh_is_rejected() {
        let vertices = [0; 3 * VERTEX_WORDS];
        assert!(Mesh::new(&vertices, &[0, 1, 2]).is_ok());
        for (vertices, indices, what) in [
            (&vertices[..], &[0, 1][..], "2 indices"),
            (&vertices[..], &[], "0 indices"),
            (&vertices[..], &[0, 1, 3], "vertex 3, and has 3"),
            (&vertices[..], &[0, 1, u32::MAX], "and has 3"),
            (&vertices[1..], &[0, 1, 2], "26 words"),
            (&[], &[0, 1, 2], "0 words"),
        ] {
            let error = Mesh::new(vertices, indices).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
