//! Where the frames of an input go: into the sum, or into channels of their own.

use std::fmt::Debug;

use driftless_plugin_api::Settings;
use driftless_plugin_api::settings::SettingError;

/// The difference between the two filters.
pub trait Kind: Debug + Send + 'static {
    /// The filter's id.
    const ID: &'static str;

    /// The channels that the manifest asks for; 0 for what the inputs have.
    ///
    /// # Errors
    ///
    /// Only that the descriptor is another's.
    fn channels_asked(settings: &Settings) -> Result<u32, SettingError>;

    /// Channels of the output, from those of the inputs.
    fn channels(inputs: &[u32]) -> u32;

    /// The first channel of the output that belongs to input `number`.
    fn first_channel(inputs: &[u32], number: usize) -> usize;

    /// Adds the frames `from`, times `factor`, to `to`, from its channel `first` on. `[streaming]`
    fn add(from: Frames<'_>, factor: f32, to: &mut [f32], to_channels: usize, first: usize);
}

/// Interleaved frames.
#[derive(Debug, Clone, Copy)]
pub struct Frames<'a> {
    /// The values.
    pub values: &'a [f32],
    /// Values in a frame.
    pub channels: usize,
}

/// Adds up.
#[derive(Debug)]
pub struct Mixer;

impl Kind for Mixer {
    const ID: &'static str = "driftless.mixer";

    fn channels_asked(settings: &Settings) -> Result<u32, SettingError> {
        Ok(settings.integer("channels")? as u32)
    }

    fn channels(inputs: &[u32]) -> u32 {
        inputs.iter().copied().max().unwrap_or(0)
    }

    fn first_channel(_: &[u32], _: usize) -> usize {
        0
    }

    /// Mono goes to the first two channels and comes from the mean of all; else channel to channel.
    fn add(from: Frames<'_>, factor: f32, to: &mut [f32], to_channels: usize, _: usize) {
        let Frames { values, channels } = from;
        if channels == to_channels {
            to.iter_mut().zip(values).for_each(|(to, from)| *to += from * factor);
            return;
        }
        for (from, to) in values.chunks_exact(channels).zip(to.chunks_exact_mut(to_channels)) {
            match (from, &mut *to) {
                ([mono], to) => to.iter_mut().take(2).for_each(|value| *value += mono * factor),
                (from, [mono]) => *mono += from.iter().sum::<f32>() / channels as f32 * factor,
                (from, to) => {
                    to.iter_mut().zip(from).for_each(|(to, from)| *to += from * factor);
                }
            }
        }
    }
}

/// Puts side by side.
#[derive(Debug)]
pub struct Aggregate;

impl Kind for Aggregate {
    const ID: &'static str = "driftless.aggregate";

    fn channels_asked(_: &Settings) -> Result<u32, SettingError> {
        Ok(0)
    }

    fn channels(inputs: &[u32]) -> u32 {
        inputs.iter().sum()
    }

    fn first_channel(inputs: &[u32], number: usize) -> usize {
        inputs.iter().take(number).sum::<u32>() as usize
    }

    fn add(from: Frames<'_>, factor: f32, to: &mut [f32], to_channels: usize, first: usize) {
        let Frames { values, channels } = from;
        for (from, to) in values.chunks_exact(channels).zip(to.chunks_exact_mut(to_channels)) {
            let own = to.iter_mut().skip(first);
            own.zip(from).for_each(|(to, from)| *to += from * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added<K: Kind>(values: &[f32], channels: usize, to: usize, first: usize) -> Vec<f32> {
        let mut out = vec![1.0; to * values.len() / channels];
        K::add(Frames { values, channels }, 0.5, &mut out, to, first);
        out
    }

    #[test]
    fn an_input_is_added_to_the_sum_whatever_its_channels() {
        assert_eq!(added::<Mixer>(&[0.5, -0.5], 2, 2, 0), [1.25, 0.75]);
        assert_eq!(added::<Mixer>(&[0.5, -0.5], 1, 2, 0), [1.25, 1.25, 0.75, 0.75]);
        assert_eq!(added::<Mixer>(&[0.5, -0.5, 1.0, 1.0], 2, 1, 0), [1.0, 1.5]);
        assert_eq!(added::<Mixer>(&[0.5, -0.5], 2, 4, 0), [1.25, 0.75, 1.0, 1.0]);
    }

    #[test]
    fn an_aggregate_gives_every_input_channels_of_its_own() {
        let inputs = [2, 1, 4];
        assert_eq!(Aggregate::channels(&inputs), 7);
        assert_eq!([0, 1, 2].map(|number| Aggregate::first_channel(&inputs, number)), [0, 2, 3]);
        assert_eq!(added::<Aggregate>(&[0.5, -0.5], 2, 3, 1), [1.0, 1.25, 0.75]);
    }
}
