//! Quality messages: a renderer that is late, or has too much, tells who feeds it (LS-117).
//!
//! They travel against the samples, from filter to filter, until one of them acts on it. Each is taken
//! between two steps of its filter, on that filter's own thread. Who cannot act, as a live source, lets
//! it pass; who waits for room anyway, as a file, need not hear of it.
#![allow(non_snake_case, missing_docs, unsafe_code)] // abi_stable's derive writes items without docs

use std::ffi::c_void;

use abi_stable::StableAbi;
use abi_stable::prefix_type::PrefixTypeTrait;

use crate::abi::glue::ask;
use crate::abi::status::Status;
use crate::filter::{Filter, Pin};
use crate::time::{Span, StreamTime};

/// What is the matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pressure {
    /// Samples come too late: less should be made.
    Famine,
    /// Samples come too early or too many: more may be made.
    Flood,
}

/// A quality message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quality {
    /// What is the matter.
    pub pressure: Pressure,
    /// How much should be made of 1000 that are made now.
    pub proportion: u32,
    /// How late the sample was; negative is early.
    pub late: Span,
    /// The sample's stamp.
    pub stamp: StreamTime,
}

impl Quality {
    /// What a video renderer tells of a picture that came `late`, where a new one is due every
    /// `interval`: the share of pictures for which there would have been time, 500 to 2000.
    pub fn of_picture(stamp: StreamTime, late: Span, interval: Span) -> Self {
        let pressure = if late > Span::ZERO { Pressure::Famine } else { Pressure::Flood };
        let (late_ns, interval_ns) = (late.nanos(), interval.nanos().max(1));
        let proportion = 1000 * interval_ns / interval_ns.saturating_add(late_ns).max(1);
        Self { pressure, proportion: proportion.clamp(500, 2000) as u32, late, stamp }
    }
}

/// A filter that can make less or more. `[streaming]`
pub trait QualityControl {
    /// The receiver behind output `pin` is late or has too much.
    ///
    /// Returns [`Status::OK`] when the filter acts on it; anything else sends it on upstream.
    fn notify(&mut self, pin: Pin, quality: Quality) -> Status;
}

/// [`Quality`] at the border. Frozen.
#[repr(C)]
#[derive(StableAbi, Debug, Clone, Copy, PartialEq)]
pub struct RawQuality {
    /// 0 famine, 1 flood.
    pub pressure: u32,
    /// Of 1000.
    pub proportion: u32,
    /// Nanoseconds.
    pub late: i64,
    /// Nanoseconds.
    pub stamp: i64,
}

impl From<Quality> for RawQuality {
    fn from(quality: Quality) -> Self {
        Self {
            pressure: u32::from(quality.pressure == Pressure::Flood),
            proportion: quality.proportion,
            late: quality.late.nanos(),
            stamp: quality.stamp.nanos(),
        }
    }
}

impl From<RawQuality> for Quality {
    fn from(raw: RawQuality) -> Self {
        Self {
            pressure: if raw.pressure == 0 { Pressure::Famine } else { Pressure::Flood },
            proportion: raw.proportion,
            late: Span::from_nanos(raw.late),
            stamp: StreamTime::from_nanos(raw.stamp),
        }
    }
}

/// [`QualityControl`] at the border.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = QualityControlRef)))]
#[sabi(missing_field(option))]
pub struct QualityControlTable {
    /// Pin, message.
    #[sabi(last_prefix_field)]
    pub notify: unsafe extern "C" fn(*mut c_void, u32, RawQuality) -> Status,
}

/// The table of a filter type.
pub(crate) fn table<F: Filter>() -> QualityControlRef {
    QualityControlTable { notify: notify::<F> }.leak_into_prefix()
}

unsafe extern "C" fn notify<F: Filter>(
    instance: *mut c_void,
    pin: u32,
    quality: RawQuality,
) -> Status {
    let notify = |filter: &mut F| match filter.quality_control() {
        Some(control) => control.notify(Pin::from_raw(pin), quality.into()),
        None => Status::NO_INTERFACE,
    };
    // SAFETY: the caller passes an instance of this table's filter type.
    unsafe { ask(instance, Status::PANICKED, notify) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LS-117, its example among others.
    #[test]
    fn a_picture_is_told_with_how_late_it_was_and_a_proportion_within_bounds() {
        let ms = Span::from_millis;
        let table = [
            (40, Pressure::Famine, 500),
            (8, Pressure::Famine, 833),
            (0, Pressure::Flood, 1000),
            (-10, Pressure::Flood, 1333),
            (-500, Pressure::Flood, 2000),
        ];
        for (late, pressure, proportion) in table {
            let stamp = StreamTime::ZERO + ms(240);
            let quality = Quality::of_picture(stamp, ms(late), ms(40));
            assert_eq!(quality, Quality { pressure, proportion, late: ms(late), stamp });
            assert_eq!(Quality::from(RawQuality::from(quality)), quality);
        }
    }
}
