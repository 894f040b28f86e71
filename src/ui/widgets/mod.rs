//! Small parts that know nothing of the engine.

pub mod chart;
pub mod grip;
pub mod icon;
pub mod tabs;

pub use grip::Grip;
pub use icon::Icon;
pub use tabs::{TabItem, Tabs};
