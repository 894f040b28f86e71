//! The regions of the page.

pub mod actions;
pub mod behaviour;
pub mod cards;
pub mod charts;
pub mod decision;
pub mod dialogs;
pub mod docker;
pub mod duel;
pub mod editor;
pub mod faults;
pub mod header;
pub mod inspector;
pub mod legend;
pub mod loads;
pub mod messages;
pub mod outline;
pub mod picture;
pub mod pipelines;
pub mod placement;
pub mod shortcuts;
pub mod sight;
pub mod stage;
pub mod terminal;
pub mod text;
pub mod time_bar;
pub mod why;
