//! Finding a device by name among the sound systems that there are.

use std::sync::Arc;

use cpal::traits::{DeviceTrait, HostTrait};
use driftless_plugin_api::Host;

use super::stream::{Opened, open};
use super::{Search, Signs};
use crate::options::Wanted;
use crate::recorder::Recorder;

/// The order in which `auto` asks: servers before bare hardware.
const ORDER: [&str; 4] = ["pulseaudio", "pipewire", "jack", "alsa"];

/// Opens the device that is looked for, which takes the recorder; its name comes along. `[main]`
///
/// # Errors
///
/// A sentence that names the devices there are. The recorder stays where it was.
pub(super) fn find_and_open(
    search: &Search,
    signs: &Arc<Signs>,
    host: &Host,
    recorder: &mut Option<Box<Recorder>>,
) -> Result<(Opened, String), String> {
    let mut refusals = Vec::new();
    let mut names = Vec::new();
    for system in systems(&search.host) {
        let title = system.id().name().to_owned();
        for (device, name) in devices(&system, &search.wanted, &mut names) {
            match open(&device, search, signs, host, recorder) {
                Ok(opened) => return Ok((opened, format!("{title}: {name}"))),
                Err(cause) => refusals.push(format!("{title}: {name}: {cause}")),
            }
        }
    }
    Err(explain(search, &refusals, names))
}

fn systems(wanted: &str) -> Vec<cpal::Host> {
    let available = cpal::available_hosts();
    ORDER
        .into_iter()
        .filter(|name| wanted == "auto" || wanted == *name)
        .filter_map(|name| available.iter().find(|id| id.name().eq_ignore_ascii_case(name)))
        .filter_map(|id| cpal::host_from_id(*id).ok())
        .collect()
}

fn devices(
    system: &cpal::Host,
    wanted: &Wanted,
    names: &mut Vec<String>,
) -> Vec<(cpal::Device, String)> {
    let title = system.id().name();
    let name = |device: &cpal::Device| device.description().ok().map(|d| d.name().to_owned());
    let all: Vec<_> = system
        .input_devices()
        .into_iter()
        .flatten()
        .filter_map(|device| name(&device).map(|name| (device, name)))
        .collect();
    names.extend(all.iter().map(|(_, name)| format!("{title}: {name}")));
    match wanted {
        Wanted::Named(part) => {
            let part = part.to_lowercase();
            all.into_iter().filter(|(_, name)| name.to_lowercase().contains(&part)).collect()
        }
        _ => system
            .default_input_device()
            .map(|device| (device, "default".to_owned()))
            .into_iter()
            .collect(),
    }
}

fn explain(search: &Search, refusals: &[String], mut names: Vec<String>) -> String {
    let Search { wanted, host, .. } = search;
    let what = match wanted {
        Wanted::Named(name) => format!("no device to capture from whose name contains `{name}`"),
        _ => "no default device to capture from".to_owned(),
    };
    let what = match refusals {
        [] => format!("there is {what} (host `{host}`)"),
        refusals => format!("no device could be opened ({})", refusals.join("; ")),
    };
    names.dedup();
    let there = match names.len() {
        0 => "there are none at all".to_owned(),
        _ => format!("there are {}", names.join(", ")),
    };
    format!("{what}; {there}; the device `virtual` needs none")
}
