//! What the person sets and the device keeps; never part of a link.

use super::texts::Language;
use serde::{Deserialize, Serialize};

/// The speeds of the time bar.
pub const SPEEDS: [f64; 11] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 100.0, 300.0, 1000.0];
/// Where 1 stands in [`SPEEDS`]. Ours.
pub const SPEED_ONE: usize = 3;

/// Sizes of text before an audience, in pixels. The first is read from five metres (a picture two metres wide), the last from
/// eight.
pub const PRESENTER_SIZES: [u32; 3] = [21, 26, 32];
/// Size of text on a desk. Ours: the base of `tokens.css`.
pub const TEXT_SIZE: u32 = 14;

/// Colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Theme {
    /// As the device wants.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// How keys without a modifier act.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SingleKeys {
    /// At once.
    #[default]
    On,
    /// Only with Alt.
    WithAlt,
    /// Never.
    Off,
}

/// Which news are spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Announce {
    /// None.
    Off,
    /// Warnings and one summary.
    #[default]
    Important,
    /// All.
    All,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Language of the page.
    #[serde(with = "tag")]
    pub language: Language,
    /// Colours.
    pub theme: Theme,
    /// Keys without a modifier.
    pub keys: SingleKeys,
    /// Spoken news.
    pub announce: Announce,
    /// Jump over quiet stretches.
    pub skip_quiet: bool,
    /// Seed of chance for the next scenario.
    pub seed: u64,
    /// Size of text before an audience, one of [`PRESENTER_SIZES`].
    pub presenter: u32,
    /// Width of the text column, in pixels.
    pub text_width: u32,
    /// Width of the inspector.
    pub answers_width: u32,
    /// Height of the terminal.
    pub dock_height: u32,
}

impl Settings {
    /// The start: the browser's language, everything else by default.
    #[cfg(target_arch = "wasm32")]
    pub fn of_browser() -> Self {
        let wish = web_sys::window().and_then(|w| w.navigator().language()).unwrap_or_default();
        Self { language: Language::of_tag(&wish), ..Self::default() }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            language: Language::En,
            theme: Theme::Auto,
            keys: SingleKeys::On,
            announce: Announce::Important,
            skip_quiet: true,
            seed: 1,
            presenter: PRESENTER_SIZES[0],
            text_width: 376,
            answers_width: 344,
            dock_height: 200,
        }
    }
}

/// A language is stored by its tag.
mod tag {
    use super::Language;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(language: &Language, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(language.tag())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Language, D::Error> {
        Ok(Language::of_tag(&String::deserialize(input)?))
    }
}
