//! The way of a picture's quads to the GPU: one copy from the guest's memory into mapped staging
//! memory, and one more on the GPU, into the buffer that is drawn from.
//!
//! Buffers go round: while one picture is recorded, two may be on their way. They grow by doubling and
//! are used again, so nothing is allocated from picture to picture.

use std::ops::Range;

use wgpu::{
    Buffer, BufferDescriptor, BufferUsages, BufferViewMut, CommandEncoder, MapMode, SubmissionIndex,
};

use super::adapter::Gpu;
use crate::render::RenderError;
use crate::render::commands::Quad;

const QUAD_BYTES: u64 = size_of::<Quad>() as u64;
/// Quads in the first and smallest buffer.
const SMALLEST: u32 = 2 << 10;
/// Quads in the largest buffer: 64 MiB. More quads take several.
const LARGEST: u32 = 2 << 20;
/// Pictures that are recorded or on their way at one time.
const ROUND: usize = 3;

/// Quads in the buffers of one picture.
#[derive(Debug, Default)]
pub(super) struct Upload {
    round: [Slot; ROUND],
    current: usize,
}

/// The buffers of one picture.
#[derive(Debug, Default)]
struct Slot {
    pages: Vec<Page>,
    /// The page that is being filled.
    filling: usize,
    submission: Option<SubmissionIndex>,
}

/// Staging memory and the buffer that it is copied to.
#[derive(Debug)]
struct Page {
    staging: Buffer,
    instances: Buffer,
    /// The staging memory, while it is mapped.
    mapped: Option<BufferViewMut>,
    capacity: u32,
    used: u32,
}

/// Where some quads went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub page: usize,
    pub quads: Range<u32>,
}

impl Upload {
    /// Starts a picture; forgets the one that was being recorded.
    pub fn begin(&mut self, gpu: &Gpu) {
        let slot = &mut self.round[self.current];
        let total: u32 = slot.pages.iter().map(|page| page.capacity).sum();
        if slot.pages.len() > 1 && slot.pages[0].capacity < LARGEST {
            // What took several buffers takes one from now on.
            slot.pages = vec![Page::new(gpu, total)];
        }
        slot.pages.retain_mut(Page::reset);
        slot.filling = 0;
    }

    /// Copies whole quads, and says piece by piece where they are.
    pub fn write(&mut self, gpu: &Gpu, mut words: &[u32], mut placed: impl FnMut(Place)) {
        let slot = &mut self.round[self.current];
        while words.len() >= Quad::WORDS {
            let wanted = u32::try_from(words.len() / Quad::WORDS).unwrap_or(u32::MAX);
            let Some(page) = slot.pages.get_mut(slot.filling) else {
                let last = slot.pages.last().map_or(0, |page| page.capacity);
                slot.pages
                    .push(Page::new(gpu, wanted.max(last.saturating_mul(2))));
                continue;
            };
            let count = wanted.min(page.capacity - page.used);
            if count == 0 {
                slot.filling += 1;
                continue;
            }
            let (now, later) = words.split_at(count as usize * Quad::WORDS);
            let quads = page.used..page.used + count;
            page.fill(now);
            placed(Place {
                page: slot.filling,
                quads,
            });
            words = later;
        }
    }

    /// The buffer of a page of the picture that is being recorded.
    pub fn instances(&self, page: usize) -> &Buffer {
        &self.round[self.current].pages[page].instances
    }

    /// Ends writing, and has the GPU copy what was written. Returns the bytes.
    pub fn flush(&mut self, encoder: &mut CommandEncoder) -> u64 {
        let pages = &mut self.round[self.current].pages;
        pages.iter_mut().map(|page| page.flush(encoder)).sum()
    }

    /// The picture is on its way: makes room for the next one, which may mean to wait for the one
    /// before the last.
    pub fn submitted(&mut self, gpu: &Gpu, submission: SubmissionIndex) -> Result<(), RenderError> {
        let slot = &mut self.round[self.current];
        slot.submission = Some(submission);
        slot.pages.iter_mut().for_each(Page::map_when_done);
        self.current = (self.current + 1) % ROUND;
        match self.round[self.current].submission.take() {
            Some(earlier) => gpu.wait(earlier),
            None => Ok(()),
        }
    }
}

impl Page {
    fn new(gpu: &Gpu, quads: u32) -> Self {
        let capacity = quads.clamp(SMALLEST, LARGEST).next_power_of_two();
        let buffer = |label, usage, mapped_at_creation| {
            let size = u64::from(capacity) * QUAD_BYTES;
            gpu.device.create_buffer(&BufferDescriptor {
                label,
                size,
                usage,
                mapped_at_creation,
            })
        };
        let staging = BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC;
        let staging = buffer(Some("staged quads"), staging, true);
        let instances = BufferUsages::VERTEX | BufferUsages::COPY_DST;
        let instances = buffer(Some("quads"), instances, false);
        let mapped = staging.get_mapped_range_mut(..).ok();
        Self {
            staging,
            instances,
            mapped,
            capacity,
            used: 0,
        }
    }

    /// Empties it, and says whether it can be written to: not so when the device is lost.
    fn reset(&mut self) -> bool {
        self.used = 0;
        if self.mapped.is_none() {
            self.mapped = self.staging.get_mapped_range_mut(..).ok();
        }
        self.mapped.is_some()
    }

    fn fill(&mut self, words: &[u32]) {
        let bytes: &[u8] = bytemuck::cast_slice(words);
        let start = self.used as usize * size_of::<Quad>();
        // Without memory the device is lost or out of it, which `submit` reports.
        if let Some(mapped) = &mut self.mapped {
            mapped
                .slice(start..start + bytes.len())
                .copy_from_slice(bytes);
        }
        self.used += (words.len() / Quad::WORDS) as u32;
    }

    fn flush(&mut self, encoder: &mut CommandEncoder) -> u64 {
        let bytes = u64::from(self.used) * QUAD_BYTES;
        if bytes > 0 {
            self.mapped = None;
            self.staging.unmap();
            encoder.copy_buffer_to_buffer(&self.staging, 0, &self.instances, 0, bytes);
        }
        bytes
    }

    fn map_when_done(&mut self) {
        if self.mapped.is_none() {
            // The result shows when the memory is asked for.
            self.staging.map_async(MapMode::Write, .., |_| {});
        }
    }
}
