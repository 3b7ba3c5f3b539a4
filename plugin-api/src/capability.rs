//! Capabilities: small optional interfaces, one file each, with both directions in it.
//!
//! A filter offers one by answering `Some(self)` from the method of its name in
//! [`Filter`](crate::Filter). The engine asks for each once, after the filter was made.
//!
//! | capability                 | for whom                  | the original              |
//! |----------------------------|---------------------------|---------------------------|
//! | [`latency`]                | all                       | IAMLatency                |
//! | [`push_source`]            | live sources              | IAMPushSource             |
//! | [`clock`]                  | who knows a device's time | IReferenceClock           |
//! | [`clock_slave`]            | audio renderers           | IAMClockSlave             |
//! | [`renderer_statistics`]    | renderers                 | IAMAudioRendererStats     |
//! | [`quality_control`]        | who can make less or more | IQualityControl           |
//! | [`stream_control`]         | capture pins              | IAMStreamControl          |
//! | [`pins`]                   | all                       | pin property set, IAMFilterMiscFlags |

pub mod clock;
pub mod clock_slave;
pub mod latency;
pub mod pins;
pub mod push_source;
pub mod quality_control;
pub mod renderer_statistics;
pub mod stream_control;
