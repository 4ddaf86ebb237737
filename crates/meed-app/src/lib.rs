//! Meed's use cases.
