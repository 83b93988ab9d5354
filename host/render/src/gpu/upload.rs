//! The upload of a picture's instances: one copy from the guest's memory into mapped staging memory, and
//! one more on the GPU into the vertex buffer. Knows no textures and no pipelines.
//!
//! Buffers are used in turn: while one picture is recorded, two may be in flight. Buffers grow by doubling
//! and are reused, so there is no allocation for each picture.

use std::ops::Range;

use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, BufferViewMut, CommandEncoder, MapMode, SubmissionIndex,
};

use super::adapter::Gpu;
use crate::RenderError;
use crate::commands::{INSTANCE_WORDS, Quad, Sprite, VERTEX_WORDS};

/// Size of the smallest buffer in bytes.
const SMALLEST: u32 = 64 << 10;
/// Size of the largest buffer in bytes. More instances take several buffers.
const LARGEST: u32 = 64 << 20;
/// Number of pictures that are recorded or in flight at one time.
const ROUND: usize = 3;

/// The instances of one picture, by kind.
#[derive(Debug)]
pub(super) struct Uploads {
    pub quads: Upload,
    pub sprites: Upload,
    pub triangles: Upload,
    pub meshes: Upload,
    in_flight: [Option<SubmissionIndex>; ROUND],
    current: usize,
}

impl Uploads {
    pub fn new() -> Self {
        Self {
            quads: Upload::new("quads", Quad::WORDS),
            sprites: Upload::new("sprites", Sprite::WORDS),
            triangles: Upload::new("triangles", 3 * VERTEX_WORDS),
            meshes: Upload::new("meshes", INSTANCE_WORDS),
            in_flight: Default::default(),
            current: 0,
        }
    }

    /// Starts a picture and forgets the one that was being recorded.
    pub fn begin(&mut self, gpu: &Gpu) {
        let current = self.current;
        self.each().for_each(|upload| upload.begin(gpu, current));
    }

    /// Ends writing and records the copies on the GPU. Returns their size in bytes.
    pub fn flush(&mut self, encoder: &mut CommandEncoder) -> u64 {
        self.each().map(|upload| upload.flush(encoder)).sum()
    }

    /// Notes the submission of the picture, and turns to the buffers of the next one. That may wait for the
    /// GPU to finish the picture before the last.
    pub fn submitted(&mut self, gpu: &Gpu, submission: SubmissionIndex) -> Result<(), RenderError> {
        self.each().for_each(Upload::map_when_done);
        self.in_flight[self.current] = Some(submission);
        self.current = (self.current + 1) % ROUND;
        match self.in_flight[self.current].take() {
            Some(earlier) => gpu.wait(earlier),
            None => Ok(()),
        }
    }

    /// Returns the upload for this kind of instances.
    pub fn of(&self, what: InstanceKind) -> &Upload {
        match what {
            InstanceKind::Quads => &self.quads,
            InstanceKind::Sprites(_) | InstanceKind::Glyphs(_) => &self.sprites,
            InstanceKind::Triangles(_) => &self.triangles,
            InstanceKind::Meshes { .. } => &self.meshes,
        }
    }

    fn each(&mut self) -> impl Iterator<Item = &mut Upload> {
        let Self {
            quads,
            sprites,
            triangles,
            meshes,
            ..
        } = self;
        [quads, sprites, triangles, meshes].into_iter()
    }
}

/// The instances of one kind.
#[derive(Debug)]
pub(super) struct Upload {
    kind: &'static str,
    /// Words of one instance.
    words: usize,
    round: [Slot; ROUND],
    current: usize,
}

/// The buffers of one picture.
#[derive(Debug, Default)]
struct Slot {
    pages: Vec<Page>,
    /// Index of the page that is being filled.
    filling: usize,
}

/// Staging memory and the buffer that it is copied to.
#[derive(Debug)]
struct Page {
    staging: Buffer,
    instances: Buffer,
    /// Staging memory while it is mapped.
    mapped: Option<BufferViewMut>,
    /// Words of one instance.
    words: usize,
    /// Number of instances that fit.
    capacity: u32,
    used: u32,
}

/// The kind of an operation's instances, with the texture or mesh that they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InstanceKind {
    Quads,
    /// Sprites with the texture of this handle.
    Sprites(u32),
    /// Sprites with a page of glyphs as their texture.
    Glyphs(usize),
    Triangles(Option<u32>),
    Meshes {
        mesh: u32,
        texture: Option<u32>,
    },
}

/// A range of instances in the buffers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InstanceRange {
    pub page: usize,
    pub items: Range<u32>,
}

impl Upload {
    fn new(kind: &'static str, words: usize) -> Self {
        Self {
            kind,
            words,
            round: Default::default(),
            current: 0,
        }
    }

    fn begin(&mut self, gpu: &Gpu, current: usize) {
        self.current = current;
        let slot = &mut self.round[current];
        let total = slot.pages.iter().map(Page::bytes).sum();
        if slot.pages.len() > 1 && slot.pages[0].bytes() < u64::from(LARGEST) {
            // Instances that took several buffers will fit into one from now on.
            slot.pages = vec![Page::new(gpu, self.kind, self.words, total)];
        }
        slot.pages.retain_mut(Page::reset);
        slot.filling = 0;
    }

    /// Copies whole instances. Calls `placed` with the range of each part.
    pub fn write(&mut self, gpu: &Gpu, mut words: &[u32], mut placed: impl FnMut(InstanceRange)) {
        let slot = &mut self.round[self.current];
        while words.len() >= self.words {
            let Some(page) = slot.pages.get_mut(slot.filling) else {
                let last = slot.pages.last().map_or(0, Page::bytes);
                let bytes = (size_of_val(words) as u64).max(last * 2);
                let page = Page::new(gpu, self.kind, self.words, bytes);
                slot.pages.push(page);
                continue;
            };
            let wanted = u32::try_from(words.len() / self.words).unwrap_or(u32::MAX);
            let count = wanted.min(page.capacity - page.used);
            if count == 0 {
                slot.filling += 1;
                continue;
            }
            let (now, later) = words.split_at(count as usize * self.words);
            let items = page.used..page.used + count;
            page.fill(now);
            placed(InstanceRange {
                page: slot.filling,
                items,
            });
            words = later;
        }
    }

    /// Returns the buffer of a page of the picture that is being recorded.
    pub fn instances(&self, page: usize) -> &Buffer {
        &self.round[self.current].pages[page].instances
    }

    fn flush(&mut self, encoder: &mut CommandEncoder) -> u64 {
        let pages = &mut self.round[self.current].pages;
        pages.iter_mut().map(|page| page.flush(encoder)).sum()
    }

    fn map_when_done(&mut self) {
        let pages = &mut self.round[self.current].pages;
        pages.iter_mut().for_each(Page::map_when_done);
    }
}

impl Page {
    /// Creates a page for so many bytes, within the limits of size.
    fn new(gpu: &Gpu, kind: &'static str, words: usize, bytes: u64) -> Self {
        let bytes = bytes.clamp(SMALLEST.into(), LARGEST.into());
        let size = bytes.next_power_of_two();
        let buffer = |usage, mapped_at_creation| {
            gpu.device.create_buffer(&BufferDescriptor {
                label: Some(kind),
                size,
                usage,
                mapped_at_creation,
            })
        };
        let staging = buffer(BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC, true);
        let instances = buffer(BufferUsages::VERTEX | BufferUsages::COPY_DST, false);
        let mapped = staging.get_mapped_range_mut(..).ok();
        Self {
            staging,
            instances,
            mapped,
            words,
            capacity: (size / (words * size_of::<u32>()) as u64) as u32,
            used: 0,
        }
    }

    /// Size in bytes.
    fn bytes(&self) -> u64 {
        self.staging.size()
    }

    /// Empties the page. Returns false if it cannot be written, since the device is lost.
    fn reset(&mut self) -> bool {
        self.used = 0;
        if self.mapped.is_none() {
            self.mapped = self.staging.get_mapped_range_mut(..).ok();
        }
        self.mapped.is_some()
    }

    fn fill(&mut self, words: &[u32]) {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let start = self.used as usize * self.words * size_of::<u32>();
        // Without mapped memory the device is lost or out of memory, which `submit` reports.
        if let Some(mapped) = &mut self.mapped {
            mapped
                .slice(start..start + bytes.len())
                .copy_from_slice(bytes);
        }
        self.used += (words.len() / self.words) as u32;
    }

    fn flush(&mut self, encoder: &mut CommandEncoder) -> u64 {
        let bytes = u64::from(self.used) * (self.words * size_of::<u32>()) as u64;
        if bytes > 0 {
            self.mapped = None;
            self.staging.unmap();
            encoder.copy_buffer_to_buffer(&self.staging, 0, &self.instances, 0, bytes);
        }
        bytes
    }

    fn map_when_done(&mut self) {
        if self.mapped.is_none() {
            // A failure shows when the memory is mapped.
            self.staging.map_async(MapMode::Write, .., |_| {});
        }
    }
}
