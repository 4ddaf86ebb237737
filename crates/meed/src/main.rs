//! The Meed binary: configuration and command line.

fn main() {}
