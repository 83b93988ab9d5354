//! More drawing on a canvas: triangles, meshes, shaders, areas, and canvases in the picture.

use std::ops::Range;

use glam::camera::rh::{proj, view};
use glam::{Affine3A, Mat4, Vec2, Vec3};

use crate::assets::{self, Shader, Texture};
use crate::bindings::vblank::guest::draw::{self, Area, Blend, Look};
use crate::canvas::{Canvas, Command, Image};
use crate::color::Color;
use crate::input::Size;
use crate::mesh::{Instance, Mesh, Triangles, instance};

/// The look of sprites, triangles and meshes: a shader, and a way of blending.
///
/// ```
/// # use vblank_guest::prelude::*;
/// # fn draw(canvas: &mut Canvas, height: f32) {
/// // assets/waves.wgsl has a block of two f32.
/// let waves = canvas.shader("waves");
/// canvas.set_material(Material::shader(waves).params(&[height, 0.5]));
/// canvas.sprite("sea", (640.0, 360.0));
/// canvas.set_material(Material::blend(Blend::Add));
/// canvas.circle((640.0, 360.0), 50.0, Color::YELLOW);
/// canvas.reset_material();
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    shader: Shader,
    textures: [Texture; 2],
    blend: Blend,
    params: Vec<u32>,
}

impl Material {
    /// Makes a material with a shader.
    #[must_use]
    pub fn shader(shader: Shader) -> Self {
        Self {
            shader,
            textures: [Texture::MISSING; 2],
            blend: Blend::Alpha,
            params: Vec::new(),
        }
    }

    /// Makes a material with the default look and a way of blending.
    #[must_use]
    pub fn blend(blend: Blend) -> Self {
        Self::shader(Shader::USUAL).blended(blend)
    }

    /// Sets the way of blending.
    #[must_use]
    pub fn blended(mut self, blend: Blend) -> Self {
        self.blend = blend;
        self
    }

    /// Sets the shader's parameters in the order of its WGSL block.
    ///
    /// A `vec3f` or `vec4f` begins at a multiple of four numbers. Zeros fill the last row of four.
    #[must_use]
    pub fn params(mut self, numbers: &[f32]) -> Self {
        self.params.clear();
        self.params
            .extend(numbers.iter().map(|number| number.to_bits()));
        self.params.resize(self.params.len().next_multiple_of(4), 0);
        self
    }

    /// Sets further textures, which the shader reads with `texel1` and `texel2`.
    #[must_use]
    pub fn textures(mut self, first: Texture, second: Option<Texture>) -> Self {
        self.textures = [first, second.unwrap_or(Texture::MISSING)];
        self
    }

    fn look(&self) -> Look {
        Look {
            shader: self.shader.0,
            texture1: self.textures[0].0,
            texture2: self.textures[1].0,
            blend: self.blend,
        }
    }
}

/// A corner of a triangle on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corner {
    /// Position on the canvas.
    pub position: Vec2,
    /// Position in the texture, from 0 to 1.
    pub uv: Vec2,
    /// Colour that multiplies the texture.
    pub color: Color,
}

impl Corner {
    fn words(&self) -> [u32; 5] {
        let [x, y] = self.position.to_array().map(f32::to_bits);
        let [u, v] = self.uv.to_array().map(f32::to_bits);
        [x, y, u, v, self.color.packed()]
    }
}

impl Canvas {
    /// Draws a filled triangle.
    pub fn triangle(&mut self, corners: [Vec2; 3], color: Color) {
        self.polygon(&corners, color);
    }

    /// Draws a filled convex polygon by its corners in order.
    pub fn polygon(&mut self, corners: &[Vec2], color: Color) {
        let corner = |position: Vec2| Corner {
            position,
            uv: Vec2::ZERO,
            color,
        };
        let range = self.begin_triangles(None);
        for pair in corners.windows(2).skip(1) {
            for at in [corners[0], pair[0], pair[1]] {
                self.words.push(corner(at).words());
            }
        }
        self.end_triangles(range);
    }

    /// Draws triangles with a texture, given by its key or as a [`Texture`].
    ///
    /// Each three corners are a triangle. A rest of one or two corners is ignored.
    pub fn triangles(&mut self, image: impl Image, corners: &[Corner]) {
        let texture = image.find(self);
        let range = self.begin_triangles(Some(texture));
        for corner in corners.chunks_exact(3).flatten() {
            self.words.push(corner.words());
        }
        self.end_triangles(range);
    }

    fn begin_triangles(&mut self, texture: Option<Texture>) -> usize {
        let start = self.words.len();
        match self.commands.last() {
            Some(Command::Triangles(last, _)) if *last == texture => {}
            _ => self
                .commands
                .push(Command::Triangles(texture, start..start)),
        }
        start
    }

    fn end_triangles(&mut self, start: usize) {
        let end = self.words.len();
        self.shapes += (end - start) / 15;
        if let Some(Command::Triangles(_, range)) = self.commands.last_mut() {
            range.end = end;
        }
    }

    /// Limits drawing to a part of the picture, from here on.
    ///
    /// The part is in pixels for any camera. A part outside of the picture shows nothing.
    pub fn set_area(&mut self, corner: impl Into<Vec2>, size: impl Into<Vec2>) {
        let (corner, size) = (corner.into(), size.into());
        self.commands.push(Command::Area(Some(Area {
            x: corner.x,
            y: corner.y,
            width: size.x,
            height: size.y,
        })));
    }

    /// Removes the limit to a part of the picture, from here on.
    pub fn reset_area(&mut self) {
        self.commands.push(Command::Area(None));
    }

    /// Returns the shader of a key: `assets/KEY.wgsl`, or the one the program gave.
    ///
    /// An error in it is reported with its line, and the last valid version stays in use.
    pub fn shader(&mut self, key: &str) -> Shader {
        match self.shaders.get(key) {
            Some(shader) => *shader,
            None => {
                let shader = assets::shader(key);
                self.shaders.insert(key.into(), shader);
                shader
            }
        }
    }

    /// Sets the material, from here on.
    ///
    /// Parameters that differ from the shader's declaration are logged once, and the default look
    /// is used.
    pub fn set_material(&mut self, material: Material) {
        let start = self.words.len();
        self.words.extend(&material.params);
        let params = start..self.words.len();
        self.commands
            .push(Command::Look(Some(material.look()), params));
    }

    /// Restores the default look, from here on.
    pub fn reset_material(&mut self) {
        self.commands.push(Command::Look(None, 0..0));
    }

    /// Sets the matrix for meshes, from the world to clip space, from here on.
    ///
    /// In clip space x and y go from -1 to 1, to the right and upwards, and z goes from 0 (near) to
    /// 1 (far). No mesh is visible until this or [`Canvas::look_at`] was called.
    pub fn set_view(&mut self, matrix: Mat4) {
        let start = self.words.len();
        let numbers = matrix.to_cols_array();
        self.words.push(numbers.map(f32::to_bits));
        let range = start..self.words.len();
        self.commands.push(Command::Matrix(range));
    }

    /// Sets a perspective view for meshes, from `eye` towards `target` with y upwards, from here
    /// on.
    ///
    /// The view spans `degrees` from top to bottom. Points nearer than 0.1 units or farther than
    /// 1,000 are not visible.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas) {
    /// canvas.look_at(vec3(4.0, 3.0, 4.0), Vec3::ZERO, 60.0);
    /// let cube = canvas.built("cube", || Triangles::cuboid(Vec3::ONE, Color::RED));
    /// canvas.mesh(cube, Affine3A::from_rotation_y(0.5)).tinted(Color::WHITE);
    /// # }
    /// ```
    pub fn look_at(&mut self, eye: Vec3, target: Vec3, degrees: f32) {
        let Vec2 { x, y } = self.size();
        let lens = proj::directx::perspective(degrees.to_radians(), x / y, 0.1, 1000.0);
        self.set_view(lens * view::look_at_mat4(eye, target, Vec3::Y));
    }

    /// Returns a mesh that a function builds, when this code first draws with it.
    ///
    /// After a swap the new code builds it again. If the mesh is the same, nothing is uploaded.
    pub fn built(&mut self, key: &str, build: impl FnOnce() -> Triangles) -> Mesh {
        match self.meshes.get(key) {
            Some(mesh) => *mesh,
            None => {
                let mesh = Mesh::new(key, &build());
                self.meshes.insert(key.into(), mesh);
                mesh
            }
        }
    }

    /// Draws a mesh in the world.
    ///
    /// Consecutive instances of one mesh are drawn together. Each is 52 bytes in a buffer.
    pub fn mesh(&mut self, mesh: Mesh, place: Affine3A) -> Instance<'_> {
        self.place_mesh(mesh, None, place)
    }

    /// Draws a mesh with a texture, given by its key or as a [`Texture`].
    pub fn textured_mesh(
        &mut self,
        mesh: Mesh,
        image: impl Image,
        place: Affine3A,
    ) -> Instance<'_> {
        let texture = image.find(self);
        self.place_mesh(mesh, Some(texture), place)
    }

    fn place_mesh(
        &mut self,
        mesh: Mesh,
        texture: Option<Texture>,
        place: Affine3A,
    ) -> Instance<'_> {
        let start = self.words.len();
        let words = self.words.push(instance(place));
        let end = start + words.len();
        self.shapes += 1;
        match self.commands.last_mut() {
            Some(Command::Meshes(last, look, range)) if (*last, *look) == (mesh, texture) => {
                range.end = end;
            }
            _ => self
                .commands
                .push(Command::Meshes(mesh, texture, start..end)),
        }
        Instance { words }
    }

    /// Draws on a canvas of its own, which the host keeps under a key, and returns it as a texture.
    ///
    /// With `clear` the canvas is filled first. Without it, earlier drawing is kept. Inside,
    /// coordinates are pixels of that canvas.
    ///
    /// ```
    /// # use vblank_guest::prelude::*;
    /// # fn draw(canvas: &mut Canvas) {
    /// let map = canvas.draw_to("map", (64, 64), Some(Color::BLACK), |map| {
    ///     map.circle((32.0, 32.0), 3.0, Color::GREEN);
    /// });
    /// canvas.sprite(map, (1200.0, 80.0)).scaled(2.0);
    /// # }
    /// ```
    pub fn draw_to(
        &mut self,
        key: &str,
        size: (u32, u32),
        clear: Option<Color>,
        draw: impl FnOnce(&mut Canvas),
    ) -> Texture {
        let (width, height) = size;
        let size = Size { width, height };
        let target = match self.canvases.get(key) {
            Some((target, known)) if (known.width, known.height) == (width, height) => *target,
            _ => {
                let target = assets::canvas(key, size, self.filter);
                self.canvases.insert(key.into(), (target, size));
                target
            }
        };
        let clear = clear.map(Color::packed);
        self.commands.push(Command::Target(Some((target, clear))));
        let before = std::mem::replace(&mut self.size, size);
        draw(self);
        self.size = before;
        self.commands.push(Command::Target(None));
        target
    }

    pub(crate) fn send_look(&self, look: Option<Look>, params: &Range<usize>) {
        if let Err(why) = draw::set_look(look, &self.words[params.clone()]) {
            let mut last_problem = self.last_problem.borrow_mut();
            if *last_problem != why {
                log::error!("{why}");
                *last_problem = why;
            }
        }
    }
}
