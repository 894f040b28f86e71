//! Parts that many kinds share.

mod label_selector;
mod resources;

pub use label_selector::LabelSelector;
pub use resources::Resources;
