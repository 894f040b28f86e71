//! Seeded chance: one stream for each actor, so that one more draw of one actor does not disturb the others.
//! The generator is SplitMix64 (Steele, Lea, Flood 2014): whole numbers only, the same on every platform.

use super::Span;

/// One stream of draws.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Chance(u64);

/// Scrambles a number so that neighbours land far apart (the finaliser of SplitMix64).
pub const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Chance {
    /// The stream number `stream` of a seed.
    pub const fn new(seed: u64, stream: u64) -> Self {
        Chance(mix(seed ^ mix(stream.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }
    /// 64 fresh bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }
    /// A whole number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }
    /// A length between two others, both included.
    pub fn between(&mut self, low: Span, high: Span) -> Span {
        Span(low.0 + self.below(high.0.saturating_sub(low.0) + 1))
    }
    /// One of the letters that Kubernetes uses for random suffixes.
    /// Source: kubernetes v1.37 apimachinery/pkg/util/rand/rand.go, alphanums.
    pub fn suffix(&mut self, len: usize) -> String {
        const ALPHANUMS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
        (0..len).map(|_| ALPHANUMS[self.below(ALPHANUMS.len() as u64) as usize] as char).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_apart() {
        let draw = |seed, stream| {
            let mut c = Chance::new(seed, stream);
            [c.bits(), c.bits(), c.below(10)]
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
        assert!(Chance::new(1, 1).suffix(5).chars().all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)));
    }
}
