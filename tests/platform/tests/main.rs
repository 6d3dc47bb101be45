//! What the platform must do, in one program: most of it is waiting, so that all of it runs beside each other, and the SDK is linked
//! once.

mod changes;
mod cluster;
mod emulator;
mod morning;
mod program;
mod troubles;
