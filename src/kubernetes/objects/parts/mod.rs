//! Parts that many kinds share.

mod label_selector;
pub mod quantity;
mod resources;

pub use label_selector::LabelSelector;
pub use quantity::Quantity;
pub use resources::{ResourceList, Resources};
