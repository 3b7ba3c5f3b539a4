//! Source, transform and renderer behind one trait, so that one table of functions is made for all three.

use super::status::Status;
use super::wake::Wake;
use crate::error::FilterError;
use crate::filter::{Flow, Renderer, Source, Transform};
use crate::output::{Marker, Output};
use crate::sample::Sample;

/// What is the same for all filters of one kind; hides the three author traits behind one.
pub trait Role<F> {
    /// The number at the border.
    const KIND: u32;
    /// See [`Source::step`].
    fn step(filter: &mut F, output: &mut Output<'_>) -> Result<Wake, FilterError>;
    /// See [`Transform::receive`].
    fn receive(
        filter: &mut F,
        pin: u32,
        sample: Sample,
        out: &mut Output<'_>,
    ) -> Result<Flow, FilterError>;
    /// See [`Transform::mark`].
    fn mark(
        filter: &mut F,
        pin: u32,
        marker: Marker,
        out: &mut Output<'_>,
    ) -> Result<(), FilterError>;
    /// See [`Renderer::ready`].
    fn ready(_: &F) -> bool {
        true
    }
    /// See [`Transform::ready`].
    fn ready_for(_: &F, _pin: u32) -> bool {
        true
    }
}

/// The role of a [`Source`].
#[derive(Debug)]
pub struct AsSource;
/// The role of a [`Transform`].
#[derive(Debug)]
pub struct AsTransform;
/// The role of a [`Renderer`].
#[derive(Debug)]
pub struct AsRenderer;

impl<F: Source> Role<F> for AsSource {
    const KIND: u32 = 1;
    fn step(filter: &mut F, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        filter.step(output)
    }
    fn receive(_: &mut F, _: u32, _: Sample, _: &mut Output<'_>) -> Result<Flow, FilterError> {
        Err(Status::INVALID_DIRECTION.into())
    }
    fn mark(_: &mut F, _: u32, _: Marker, _: &mut Output<'_>) -> Result<(), FilterError> {
        Err(Status::INVALID_DIRECTION.into())
    }
}

impl<F: Transform> Role<F> for AsTransform {
    const KIND: u32 = 2;
    fn step(filter: &mut F, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        filter.step(output)
    }
    fn receive(
        filter: &mut F,
        pin: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        filter.receive(pin, sample, output)
    }
    fn mark(
        filter: &mut F,
        pin: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        filter.mark(pin, marker, output)
    }
    fn ready_for(filter: &F, pin: u32) -> bool {
        filter.ready(pin)
    }
}

impl<F: Renderer> Role<F> for AsRenderer {
    const KIND: u32 = 3;
    fn step(filter: &mut F, output: &mut Output<'_>) -> Result<Wake, FilterError> {
        filter.step(output)
    }
    fn receive(
        filter: &mut F,
        pin: u32,
        sample: Sample,
        output: &mut Output<'_>,
    ) -> Result<Flow, FilterError> {
        filter.receive(pin, sample, output)
    }
    fn mark(
        filter: &mut F,
        pin: u32,
        marker: Marker,
        output: &mut Output<'_>,
    ) -> Result<(), FilterError> {
        filter.mark(pin, marker, output)
    }
    fn ready(filter: &F) -> bool {
        filter.ready()
    }
}
