//! The filter under test: descriptor, code, settings and seed.

use driftless_plugin_api::descriptor::simulation::Replacement;
use driftless_plugin_api::descriptor::{
    Descriptor, Direction, FilterDescriptor, Given, PinDescriptor,
};
use driftless_plugin_api::testing::Driver;
use driftless_plugin_api::{FilterError, Pin, Registration, Settings, Value};

/// Makes the filter with its complete settings, on a test bench.
type Make = dyn Fn(&Settings) -> Result<Driver, FilterError>;

/// The filter under test. `[main]`
pub struct Subject {
    /// What its descriptor says.
    pub filter: FilterDescriptor,
    /// Its settings: what stands in for hardware, what the user gave, and the defaults.
    pub settings: Settings,
    /// Its settings with the hardware that the user, or the default, has named, if the others are without.
    pub on_hardware: Option<Settings>,
    /// The settings that no check varies: those that the user gave, and what stands in for hardware.
    pub given: Vec<String>,
    /// Where random choices start.
    pub seed: u64,
    make: Box<Make>,
    tell: bool,
}

impl Subject {
    /// A filter that `make` makes, such as one of a loaded library.
    ///
    /// # Errors
    ///
    /// One sentence for each setting that is wrong or missing.
    pub fn new(
        filter: &FilterDescriptor,
        make: impl Fn(&Settings) -> Result<Driver, FilterError> + 'static,
        given: &[Given],
        seed: u64,
    ) -> Result<Self, Vec<String>> {
        let settings = filter.settings(given);
        let settings = settings
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let mut subject = Self {
            filter: filter.clone(),
            settings,
            on_hardware: None,
            given: given.iter().map(|given| given.name.clone()).collect(),
            seed,
            make: Box::new(make),
            tell: false,
        };
        if let Some(stand_in) = &filter.simulation.stand_in
            && stand_in.replaces(&subject.settings).is_some()
        {
            let Replacement { setting, value } = stand_in.replacement.clone();
            let simulated = subject.settings_with(&setting, Value::Text(value));
            subject.on_hardware = Some(std::mem::replace(&mut subject.settings, simulated));
            subject.given.push(setting);
        }
        Ok(subject)
    }

    /// A filter that is linked into this program.
    ///
    /// # Errors
    ///
    /// One sentence for each mistake in the descriptor or the settings, or that there is no such filter.
    pub fn linked(
        registration: &Registration,
        id: &str,
        given: &[Given],
        seed: u64,
    ) -> Result<Self, Vec<String>> {
        let descriptor = Descriptor::parse(&registration.descriptor)
            .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let filter = descriptor.filter(id);
        let factory = registration.factories.iter().find(|factory| factory.id() == id);
        match filter.zip(factory) {
            Some((filter, factory)) => {
                let factory = *factory;
                Self::new(filter, move |settings| Driver::of(factory, settings), given, seed)
            }
            None => Err(vec![format!("the registration has no filter `{id}`")]),
        }
    }

    /// From now on says on standard error what it is about to do, so that whoever watches knows what a
    /// crash or a hang came after.
    #[must_use]
    pub fn telling(mut self) -> Self {
        self.tell = true;
        self
    }

    /// Says what comes next.
    pub fn note(&self, text: impl FnOnce() -> String) {
        if self.tell {
            eprintln!("{}", text());
        }
    }

    /// Makes the filter with these settings.
    ///
    /// # Errors
    ///
    /// What the filter said.
    pub fn make(&self, settings: &Settings) -> Result<Driver, FilterError> {
        (self.make)(settings)
    }

    /// Its settings, with `name` set to another value.
    pub fn settings_with(&self, name: &str, value: Value) -> Settings {
        let mut settings = self.settings.clone();
        settings.set(name, value);
        settings
    }

    /// The pins of one direction with their descriptors: each, and two of every family.
    pub fn pins(&self, direction: Direction) -> Vec<(Pin, &PinDescriptor)> {
        let descriptors = self.filter.pins(direction);
        let each =
            descriptors.flat_map(|pin| std::iter::repeat_n(pin, if pin.many { 2 } else { 1 }));
        let numbered = (0..).zip(each).map(|(number, descriptor)| match direction {
            Direction::Input => (Pin::Input(number), descriptor),
            Direction::Output => (Pin::Output(number), descriptor),
        });
        numbered.collect()
    }
}

impl std::fmt::Debug for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Subject")
            .field("filter", &self.filter.id)
            .field("seed", &self.seed)
            .finish()
    }
}
