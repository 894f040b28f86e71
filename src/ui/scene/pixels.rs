//! A picture in memory, for the fleet: thousands of cells are written as bytes and handed over at once.

/// Opaque pixels, four bytes each.
pub struct Picture {
    /// Red, green, blue, opacity.
    pub bytes: Vec<u8>,
    width: usize,
    height: usize,
}

/// A cell in whole pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    x: usize,
    y: usize,
    w: usize,
    h: usize,
}

impl Cell {
    /// Rounds to pixels; what lies left of or above the picture is cut.
    pub fn new(x: f64, y: f64, w: f64, h: f64) -> Self {
        let (right, bottom) = ((x + w).round().max(0.0) as usize, (y + h).round().max(0.0) as usize);
        let (x, y) = (x.round().max(0.0) as usize, y.round().max(0.0) as usize);
        Self { x, y, w: right.saturating_sub(x), h: bottom.saturating_sub(y) }
    }
}

impl Picture {
    /// One colour everywhere.
    pub fn new(width: usize, height: usize, [r, g, b]: [u8; 3]) -> Self {
        Self { bytes: [r, g, b, 255].repeat(width * height), width, height }
    }

    fn put(&mut self, x: usize, y: usize, [r, g, b]: [u8; 3]) {
        if x < self.width && y < self.height {
            let at = (y * self.width + x) * 4;
            self.bytes[at..at + 4].copy_from_slice(&[r, g, b, 255]);
        }
    }

    fn row(&mut self, x: usize, y: usize, w: usize, [r, g, b]: [u8; 3]) {
        if y >= self.height || x >= self.width {
            return;
        }
        let w = w.min(self.width - x);
        let at = (y * self.width + x) * 4;
        for pixel in self.bytes[at..at + w * 4].chunks_exact_mut(4) {
            pixel.copy_from_slice(&[r, g, b, 255]);
        }
    }

    /// Fills a cell.
    pub fn fill(&mut self, cell: &Cell, colour: [u8; 3]) {
        for y in cell.y..cell.y + cell.h {
            self.row(cell.x, y, cell.w, colour);
        }
    }

    /// Fills a share of a cell from below; anything above nothing shows at least one line.
    pub fn fill_bottom(&mut self, cell: &Cell, share: f64, colour: [u8; 3]) {
        let h = rows(cell.h, share);
        self.fill(&Cell { y: cell.y + cell.h - h, h, ..*cell }, colour);
    }

    /// The same from above.
    pub fn fill_top(&mut self, cell: &Cell, share: f64, colour: [u8; 3]) {
        self.fill(&Cell { h: rows(cell.h, share), ..*cell }, colour);
    }

    /// A one pixel frame, where the cell is large enough to keep its inside.
    pub fn frame(&mut self, cell: &Cell, colour: [u8; 3]) {
        if cell.w < 6 || cell.h < 6 {
            return;
        }
        self.row(cell.x, cell.y, cell.w, colour);
        self.row(cell.x, cell.y + cell.h - 1, cell.w, colour);
        for y in cell.y..cell.y + cell.h {
            self.put(cell.x, y, colour);
            self.put(cell.x + cell.w - 1, y, colour);
        }
    }

    /// Slanted stripes in two colours: a silent node.
    pub fn hatch(&mut self, cell: &Cell, a: [u8; 3], b: [u8; 3]) {
        for y in cell.y..cell.y + cell.h {
            for x in cell.x..cell.x + cell.w {
                self.put(x, y, if (x + y) / 3 % 2 == 0 { a } else { b });
            }
        }
    }

    /// Thin slanted lines over what is there: a cordoned node.
    pub fn hatch_thin(&mut self, cell: &Cell, colour: [u8; 3]) {
        for y in cell.y..cell.y + cell.h {
            for x in cell.x..cell.x + cell.w {
                if (x + y) % 5 == 0 {
                    self.put(x, y, colour);
                }
            }
        }
    }
}

fn rows(height: usize, share: f64) -> usize {
    if share <= 0.0 { 0 } else { ((height as f64 * share).round() as usize).clamp(1, height) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ill_pod_in_a_hundred_is_seen() {
        let mut picture = Picture::new(10, 10, [0, 0, 0]);
        picture.fill_bottom(&Cell::new(0.0, 0.0, 10.0, 10.0), 0.01, [255, 0, 0]);
        assert_eq!(picture.bytes.chunks(4).filter(|p| p[0] == 255).count(), 10);
    }

    #[test]
    fn cells_outside_are_cut() {
        let mut picture = Picture::new(4, 4, [0, 0, 0]);
        picture.fill(&Cell::new(-2.0, 2.0, 4.0, 9.0), [9, 9, 9]);
        assert_eq!(picture.bytes.chunks(4).filter(|p| p[0] == 9).count(), 4);
    }
}
