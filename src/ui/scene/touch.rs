//! What hands on the picture ask of the camera: one finger (or the mouse) moves it, two pull it nearer or push it away. Needs no
//! browser; tested natively.

/// A point on the screen.
pub type Point = (f64, f64);

/// A finger that moved less has not moved. Ours: hands tremble.
const SLACK: f64 = 5.0;

/// What the camera should do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Gesture {
    /// Move by so much.
    Pan(Point),
    /// Zoom around a point, then move.
    Pinch {
        /// How much nearer.
        factor: f64,
        /// What stays under the fingers.
        around: Point,
        /// How far the middle between them went.
        by: Point,
    },
}

/// The fingers that are down.
#[derive(Debug, Default)]
pub struct Hands {
    all: Vec<(i32, Point)>,
    moved: bool,
}

impl Hands {
    /// A finger comes down.
    pub fn down(&mut self, id: i32, at: Point) {
        self.all.retain(|h| h.0 != id);
        self.moved &= !self.all.is_empty();
        self.all.push((id, at));
        self.moved |= self.all.len() > 1;
    }

    /// A finger moves.
    pub fn moved(&mut self, id: i32, at: Point) -> Option<Gesture> {
        let nth = self.all.iter().position(|h| h.0 == id)?;
        let was = self.all[nth].1;
        let by = (at.0 - was.0, at.1 - was.1);
        if self.all.len() == 1 {
            if !self.moved && by.0.hypot(by.1) < SLACK {
                return None;
            }
            self.moved = true;
            self.all[nth].1 = at;
            return Some(Gesture::Pan(by));
        }
        self.all[nth].1 = at;
        // A third finger rests.
        let other = self.all[if nth == 0 { 1 } else { 0 }].1;
        let apart = |p: Point| (p.0 - other.0).hypot(p.1 - other.1).max(1.0);
        let around = ((was.0 + other.0) / 2.0, (was.1 + other.1) / 2.0);
        let pinch = Gesture::Pinch { factor: apart(at) / apart(was), around, by: (by.0 / 2.0, by.1 / 2.0) };
        (nth < 2).then_some(pinch)
    }

    /// A finger goes up; whether it only tapped.
    pub fn up(&mut self, id: i32) -> bool {
        let there = self.all.len();
        self.all.retain(|h| h.0 != id);
        there == 1 && self.all.is_empty() && !self.moved
    }

    /// The browser took the hands away.
    pub fn lost(&mut self, id: i32) {
        self.all.retain(|h| h.0 != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tap_that_trembles_is_still_a_tap() {
        let mut hands = Hands::default();
        hands.down(1, (10.0, 10.0));
        assert_eq!(hands.moved(1, (12.0, 13.0)), None);
        assert!(hands.up(1));
    }

    #[test]
    fn one_finger_moves_and_is_no_tap_then() {
        let mut hands = Hands::default();
        hands.down(1, (10.0, 10.0));
        assert_eq!(hands.moved(1, (20.0, 10.0)), Some(Gesture::Pan((10.0, 0.0))));
        assert_eq!(hands.moved(1, (21.0, 10.0)), Some(Gesture::Pan((1.0, 0.0))), "no slack once it moves");
        assert!(!hands.up(1));
        hands.down(1, (5.0, 5.0));
        assert!(hands.up(1), "the next touch begins anew");
    }

    #[test]
    fn two_fingers_pinch_around_their_middle() {
        let mut hands = Hands::default();
        hands.down(1, (0.0, 0.0));
        hands.down(2, (100.0, 0.0));
        let pinch = hands.moved(2, (200.0, 0.0));
        assert_eq!(pinch, Some(Gesture::Pinch { factor: 2.0, around: (50.0, 0.0), by: (50.0, 0.0) }));
        let back = hands.moved(1, (100.0, 0.0));
        assert_eq!(back, Some(Gesture::Pinch { factor: 0.5, around: (100.0, 0.0), by: (50.0, 0.0) }));
        assert!(!hands.up(2) && !hands.up(1), "the end of a pinch selects nothing");
    }

    #[test]
    fn a_third_finger_rests_and_strangers_are_ignored() {
        let mut hands = Hands::default();
        (1..=3).for_each(|id| hands.down(id, (f64::from(id), 0.0)));
        assert_eq!((hands.moved(3, (90.0, 90.0)), hands.moved(9, (1.0, 1.0))), (None, None));
        hands.lost(1);
        hands.lost(2);
        assert!(!hands.up(3));
    }
}
