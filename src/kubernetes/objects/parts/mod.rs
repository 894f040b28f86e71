//! Parts that many kinds share.

pub mod backoff;
pub mod cron;
pub mod duration;
pub mod int_or_percent;
mod label_selector;
pub mod quantity;
mod resources;
pub mod revision;
pub mod selector;
pub mod template_hash;
pub mod time_zone;
pub mod validate_names;

pub use int_or_percent::IntOrPercent;
pub use label_selector::{LabelRequirement, LabelSelector};
pub use quantity::Quantity;
pub use resources::{ResourceList, Resources};
