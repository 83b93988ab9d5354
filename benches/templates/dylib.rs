//! A game of many kinds, whose state the host keeps as a pointer.

// modules

/// What is drawn: place, radius and color.
#[derive(Default)]
pub struct Canvas(Vec<(f32, f32, f32, Color)>);

/// As `0xRRGGBB`.
pub struct Color(pub u32);

impl Color {
    pub fn hex(rgb: u32) -> Self {
        Self(rgb)
    }
}

impl Canvas {
    pub fn circle(&mut self, (x, y): (f32, f32), radius: f32, color: Color) {
        self.0.push((x, y, radius, color));
    }
}

pub struct World {
    // fields
    canvas: Canvas,
}

impl World {
    fn new(seed: u32) -> Self {
        Self {
            // values
            canvas: Canvas::default(),
        }
    }

    fn update(&mut self, dt: f32) -> f32 {
        // updates
        let mut sum = 0.0;
        // sums
        let mut canvas = std::mem::take(&mut self.canvas);
        canvas.0.clear();
        self.draw(&mut canvas);
        self.canvas = canvas;
        sum
    }

    fn draw(&self, canvas: &mut Canvas) {
        // draws
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn begin(seed: u32) -> *mut World {
    Box::into_raw(Box::new(World::new(seed)))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn update(world: *mut World, dt: f32) -> f32 {
    unsafe { &mut *world }.update(dt)
}

#[unsafe(no_mangle)]
pub extern "C" fn pull() -> f32 {
    kind_{middle}::PULL
}
