//! Meed's HTTP surfaces and pages.
