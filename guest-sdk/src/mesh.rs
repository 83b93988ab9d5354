//! Meshes: triangles in space, sent to the host once and drawn any number of times.

use glam::{Affine3A, Vec2, Vec3, Vec4};

use crate::assets;
use crate::color::Color;

/// Words in an instance; see `wit/draw.wit`.
pub(crate) const INSTANCE: usize = 13;

/// A corner of a mesh's triangles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vertex {
    /// Position in space.
    pub position: Vec3,
    /// Direction that the surface faces, of length 1.
    pub normal: Vec3,
    /// Position in the texture, from 0 to 1.
    pub uv: Vec2,
    /// Colour that multiplies the texture.
    pub color: Color,
}

impl Vertex {
    pub(crate) fn words(&self) -> [u32; 9] {
        let [x, y, z] = self.position.to_array().map(f32::to_bits);
        let [nx, ny, nz] = self.normal.to_array().map(f32::to_bits);
        let [u, v] = self.uv.to_array().map(f32::to_bits);
        [x, y, z, nx, ny, nz, u, v, self.color.packed()]
    }
}

/// Vertices and triangles, before they are sent to the host.
///
/// ```
/// use vblank_guest::prelude::*;
///
/// let mut house = Triangles::cuboid(Vec3::new(2.0, 1.0, 2.0), Color::WHITE);
/// house.add(&Triangles::sphere(0.5, 16, Color::RED), Vec3::new(0.0, 1.0, 0.0));
/// let house = Mesh::new("house", &house);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triangles {
    /// Corners of the triangles.
    pub vertices: Vec<Vertex>,
    /// Indices of vertices, three for each triangle.
    pub indices: Vec<u32>,
}

impl Triangles {
    /// Adds a rectangle by its four corners in order. It faces the side from which the order is
    /// counter-clockwise.
    pub fn quad(&mut self, corners: [Vec3; 4], color: Color) {
        let [a, b, c, d] = corners;
        let normal = (b - a).cross(d - a).normalize_or_zero();
        let first = self.vertices.len() as u32;
        let uvs = [(0.0, 1.0), (1.0, 1.0), (1.0, 0.0), (0.0, 0.0)];
        for (position, uv) in [a, b, c, d].into_iter().zip(uvs) {
            self.vertices.push(Vertex {
                position,
                normal,
                uv: uv.into(),
                color,
            });
        }
        self.indices
            .extend([0, 1, 2, 0, 2, 3].map(|index| first + index));
    }

    /// Returns a box of this size around the origin.
    #[must_use]
    pub fn cuboid(size: Vec3, color: Color) -> Self {
        let mut mesh = Self::default();
        let half = size * 0.5;
        for axis in 0..3 {
            for side in [-1.0, 1.0] {
                let mut normal = Vec3::ZERO;
                normal[axis] = side;
                let mut right = Vec3::ZERO;
                right[(axis + 1) % 3] = side;
                let up = normal.cross(right);
                let corner = |x: f32, y: f32| (normal + right * x + up * y) * half;
                mesh.quad(
                    [
                        corner(-1.0, -1.0),
                        corner(1.0, -1.0),
                        corner(1.0, 1.0),
                        corner(-1.0, 1.0),
                    ],
                    color,
                );
            }
        }
        mesh
    }

    /// Returns a sphere around the origin, with `faces` faces from pole to pole and twice as many
    /// around. There are at least 3.
    #[must_use]
    pub fn sphere(radius: f32, faces: u32, color: Color) -> Self {
        let faces = faces.max(3);
        let mut mesh = Self::default();
        for row in 0..=faces {
            for column in 0..=faces * 2 {
                let uv = Vec2::new(
                    column as f32 / (faces * 2) as f32,
                    row as f32 / faces as f32,
                );
                let (along, down) = (uv.x * std::f32::consts::TAU, uv.y * std::f32::consts::PI);
                let normal = Vec3::new(
                    down.sin() * along.cos(),
                    down.cos(),
                    down.sin() * along.sin(),
                );
                mesh.vertices.push(Vertex {
                    position: normal * radius,
                    normal,
                    uv,
                    color,
                });
            }
        }
        let row = faces * 2 + 1;
        for y in 0..faces {
            for x in 0..faces * 2 {
                let at = y * row + x;
                mesh.indices
                    .extend([at, at + 1, at + row, at + 1, at + row + 1, at + row]);
            }
        }
        mesh
    }

    /// Returns a square of ground around the origin, `squares` by `squares`, with the height and
    /// colour that two functions give for each point.
    #[must_use]
    pub fn ground(
        size: f32,
        squares: u32,
        height: impl Fn(f32, f32) -> f32,
        color: impl Fn(Vec3) -> Color,
    ) -> Self {
        let squares = squares.max(1);
        let mut mesh = Self::default();
        let step = size / squares as f32;
        let at = |x: f32, z: f32| Vec3::new(x, height(x, z), z);
        for row in 0..=squares {
            for column in 0..=squares {
                let (x, z) = (
                    column as f32 * step - size * 0.5,
                    row as f32 * step - size * 0.5,
                );
                let position = at(x, z);
                let across = at(x + step, z) - at(x - step, z);
                let along = at(x, z + step) - at(x, z - step);
                mesh.vertices.push(Vertex {
                    position,
                    normal: along.cross(across).normalize_or_zero(),
                    uv: Vec2::new(column as f32, row as f32) / squares as f32,
                    color: color(position),
                });
            }
        }
        let row = squares + 1;
        for z in 0..squares {
            for x in 0..squares {
                let at = z * row + x;
                mesh.indices
                    .extend([at, at + row, at + 1, at + 1, at + row, at + row + 1]);
            }
        }
        mesh
    }

    /// Adds all triangles of another mesh, moved by `offset`.
    pub fn add(&mut self, other: &Self, offset: Vec3) {
        let first = self.vertices.len() as u32;
        self.vertices
            .extend(other.vertices.iter().map(|vertex| Vertex {
                position: vertex.position + offset,
                ..*vertex
            }));
        self.indices
            .extend(other.indices.iter().map(|index| first + index));
    }
}

/// A mesh that the host has. Cheap to copy.
///
/// The value is a number that is valid while the code that asked for it runs. The key crosses a
/// swap, so ask again after one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Mesh(pub(crate) u32);

impl Mesh {
    /// Sends triangles to the host under a key.
    ///
    /// Equal triangles under a known key cost a comparison. Others replace the mesh.
    /// [`Canvas::built`](crate::Canvas::built) calls this once for each version of the code.
    ///
    /// If they are not a valid mesh, the reason is logged and nothing is drawn.
    #[must_use]
    pub fn new(key: &str, triangles: &Triangles) -> Self {
        let words: Vec<u32> = triangles.vertices.iter().flat_map(Vertex::words).collect();
        Self(assets::mesh(key, &words, &triangles.indices))
    }
}

/// An instance of a mesh on the canvas, whose look can still be changed.
pub struct Instance<'a> {
    pub(crate) words: &'a mut [u32; INSTANCE],
}

impl Instance<'_> {
    /// Multiplies the colour. The default is white.
    pub fn tinted(self, color: Color) -> Self {
        self.words[12] = color.packed();
        self
    }
}

pub(crate) fn instance(place: Affine3A) -> [u32; INSTANCE] {
    let [x, y, z] = [0, 1, 2].map(|row| {
        let row = Vec4::new(
            place.x_axis[row],
            place.y_axis[row],
            place.z_axis[row],
            place.translation[row],
        );
        row.to_array().map(f32::to_bits)
    });
    let mut words = [0; INSTANCE];
    words[..4].copy_from_slice(&x);
    words[4..8].copy_from_slice(&y);
    words[8..12].copy_from_slice(&z);
    words[12] = Color::WHITE.packed();
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_face_outwards_and_indices_are_in_range() {
        let shapes = [
            Triangles::cuboid(Vec3::new(1.0, 2.0, 3.0), Color::WHITE),
            Triangles::sphere(2.0, 5, Color::WHITE),
        ];
        for shape in shapes {
            for vertex in &shape.vertices {
                assert!(vertex.normal.dot(vertex.position) > 0.0, "{vertex:?}");
                assert!((vertex.normal.length() - 1.0).abs() < 1e-4);
            }
            let count = shape.vertices.len() as u32;
            assert!(shape.indices.iter().all(|index| *index < count));
            assert!(shape.indices.len().is_multiple_of(3));
        }
        let ground = Triangles::ground(10.0, 4, |x, z| x * 0.1 + z * 0.2, |_| Color::WHITE);
        assert_eq!((ground.vertices.len(), ground.indices.len()), (25, 96));
        assert!(ground.vertices.iter().all(|vertex| vertex.normal.y > 0.9));
    }

    #[test]
    fn an_instance_is_three_rows_and_a_colour() {
        let place = Affine3A::from_translation(Vec3::new(1.0, 2.0, 3.0));
        let words = instance(place).map(f32::from_bits);
        assert_eq!(words[..4], [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(words[4..8], [0.0, 1.0, 0.0, 2.0]);
        assert_eq!(words[8..12], [0.0, 0.0, 1.0, 3.0]);
    }
}
