//! Parts that many kinds share.

mod resources;
mod label_selector;

pub use label_selector::LabelSelector;
pub use resources::Resources;
