//! What a filter promises, as named checks.
//!
//! `driftless validate` runs each check in a process of its own, so that a crash or a hang fails that
//! check alone. An author may also call them from a unit test, without a library:
//!
//! ```
//! # use driftless_plugin_api::*;
//! # struct Pass;
//! # impl Filter for Pass {
//! #     const ID: &'static str = "acme.pass";
//! #     fn create(_: &Settings, _: Host) -> Result<Self, FilterError> { Ok(Self) }
//! #     fn connect(&mut self, _: Pin, _: MediaType) -> Result<(), FilterError> { Ok(()) }
//! # }
//! # impl Transform for Pass {
//! #     fn receive(&mut self, _: u32, sample: Sample, out: &mut Output<'_>) -> Result<Flow, FilterError> {
//! #         Ok(out.deliver(0, sample))
//! #     }
//! # }
//! # fn registration() -> Registration {
//! #     Registration::new("[plugin]\nname = \"acme-pass\"\nversion = \"0.1.0\"\napi = \"1.0\"\nhelp = \"Passes.\"\n\
//! #         [[filter]]\nid = \"acme.pass\"\nkind = \"transform\"\nhelp = \"Passes.\"\n\
//! #         [filter.pin.in]\ndirection = \"input\"\nmedia = [\"any\"]\n\
//! #         [filter.pin.out]\ndirection = \"output\"\nmedia = [\"any\"]\n").transform::<Pass>()
//! # }
//! use driftless_conformance::{CHECKS, Subject};
//!
//! let subject = Subject::linked(&registration(), "acme.pass", &[], 1).unwrap();
//! for check in CHECKS {
//!     if let Err(trouble) = check.run(&subject) {
//!         assert!(!trouble.is_wrong(), "{}: {trouble}", check.name);
//!     }
//! }
//! ```
//!
//! | module      | what is in it                                                            |
//! |-------------|--------------------------------------------------------------------------|
//! | [`checks`]  | the table of all checks, and one file for each subject                   |
//! | [`subject`] | the filter under test: descriptor, code, settings, seed                  |
//! | [`mod@bench`] | a filter in virtual time: fed, stepped, and listened to                  |
//! | [`feed`]    | what it is fed                                                           |
//! | [`guard`]   | what is asked of memory, locks and kernel; Linux, with the guard preloaded |
//! | [`process`] | threads, open files and memory of this process; Linux                    |
//! | [`trouble`] | why a check was not passed                                               |

pub mod bench;
pub mod checks;
pub mod feed;
pub mod guard;
pub mod process;
pub mod subject;
pub mod trouble;

pub use checks::{CHECKS, Check, GUARDED, ON_HARDWARE, PLAYS};
pub use subject::Subject;
pub use trouble::Trouble;
