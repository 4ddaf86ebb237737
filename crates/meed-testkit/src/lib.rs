//! Test application, builders, models and printers for Meed's own tests.
