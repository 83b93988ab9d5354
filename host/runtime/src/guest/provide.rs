//! Plugins that use plugins: an import of one that is an export of another, which is called in a store of its
//! own. What crosses are values of the component model; handles of resources do not.
//!
//! Who fulfils an import is found out when a version is let in, and its type is looked at then, so a provider may
//! be replaced without its users being linked anew. This room knows no slot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use thiserror::Error;
use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, Linker, Val};

use super::capability::Capability;
use super::component::series;
use super::context::Context;
use super::signature::Signature;
use super::{CallResult, Store};
use crate::error::Misfit;

/// Runs a plugin that others use.
pub(crate) trait Provide: Send + Sync {
    /// Call a function of the plugin that runs.
    ///
    /// # Errors
    /// A message that names the plugin and the cause.
    fn provide(
        &self,
        function: &Arc<ImportedFn>,
        params: &[Val],
    ) -> Result<Vec<Val>, ProviderError>;
}

/// Whom a plugin may use, in the order in which it was said.
pub(crate) type Providers = Arc<[Arc<dyn Provide>]>;

/// Another plugin did not give what it was asked for.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub(crate) struct ProviderError(pub(crate) String);

/// An interface that is neither the host's nor the application's.
#[derive(Debug)]
pub(crate) struct ImportedInterface {
    /// With its version.
    interface: String,
    functions: Vec<Arc<ImportedFn>>,
    /// Which of the providers gives it, from when the version is let in.
    provider: Arc<OnceLock<usize>>,
}

/// A function of another plugin, as its user knows it.
#[derive(Debug)]
pub(crate) struct ImportedFn {
    interface: String,
    name: String,
    signature: Signature,
    /// In the component that was called last.
    place: Mutex<Option<ComponentExportIndex>>,
}

/// The functions of the interfaces that a component exports; under no name those of its world itself.
#[derive(Debug, Default)]
pub(crate) struct ExportTypes(BTreeMap<String, BTreeMap<String, Signature>>);

/// Offer what a component wants and the linker does not have: functions that ask one of the providers.
///
/// # Errors
/// When a name cannot be defined.
pub(super) fn link(
    component: &Component,
    linker: &mut Linker<Context>,
    providers: &Providers,
) -> wasmtime::Result<Arc<[ImportedInterface]>> {
    let wasm = component.engine();
    let mut imports = Vec::new();
    for (interface, item) in component.component_type().imports(wasm) {
        let ComponentItem::ComponentInstance(instance) = item.ty else {
            continue;
        };
        if is_the_hosts(interface) {
            continue;
        }
        let provider = Arc::new(OnceLock::new());
        let mut functions = Vec::new();
        let mut linked = linker.instance(interface)?;
        for (name, item) in instance.exports(wasm) {
            let ComponentItem::ComponentFunc(signature) = item.ty else {
                continue;
            };
            let function = Arc::new(ImportedFn {
                interface: interface.to_owned(),
                name: name.to_owned(),
                signature: Signature(signature),
                place: Mutex::default(),
            });
            let (foreign, by, all) = (
                Arc::clone(&function),
                Arc::clone(&provider),
                Arc::clone(providers),
            );
            let defined = linked.func_new(name, move |store, _, params, results| {
                let provider = by.get().and_then(|index| all.get(*index));
                ask(store, &foreign, provider, params, results)
            });
            // A name that is taken is the application's.
            if defined.is_ok() {
                functions.push(function);
            }
        }
        if !functions.is_empty() {
            imports.push(ImportedInterface {
                interface: interface.to_owned(),
                functions,
                provider,
            });
        }
    }
    Ok(imports.into())
}

/// What no plugin can give.
fn is_the_hosts(interface: &str) -> bool {
    interface.starts_with("vblank:guest/") || Capability::needed_for(interface).is_some()
}

/// A plugin calls another: in `store` the one that calls.
fn ask(
    store: StoreContextMut<'_, Context>,
    function: &Arc<ImportedFn>,
    provider: Option<&Arc<dyn Provide>>,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let exchanges = store.data().replies.clone();
    let known = exchanges.as_ref();
    if let Some(given) = known.and_then(|known| known.next(function, params)) {
        results.clone_from_slice(&given);
        return Ok(());
    }
    let provider = provider.ok_or_else(|| {
        ProviderError(format!(
            "{} {} was called before the plugin was let in",
            function.interface, function.name
        ))
    })?;
    let given = provider.provide(function, params)?;
    if let Some(exchanges) = exchanges {
        exchanges.note(function, params, &given);
    }
    // The types were compared, so there are as many.
    for (result, given) in results.iter_mut().zip(given) {
        *result = given;
    }
    Ok(())
}

impl ImportedFn {
    /// Whether both are the same function, perhaps of two versions of its user.
    pub(super) fn is_named_as(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.name == other.name && self.interface == other.interface)
    }

    /// Call it in the store of a plugin that exports it. The inner error is not that plugin's: what runs there is of
    /// another type.
    ///
    /// # Errors
    /// When the plugin traps.
    pub(crate) fn call(
        &self,
        store: &mut Store,
        params: &[Val],
    ) -> CallResult<Result<Vec<Val>, ProviderError>> {
        let exports = store
            .data()
            .exports
            .expect("an instance knows what it exports");
        let mut place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
        let known = place.and_then(|place| exports.get_func(&mut *store, place));
        let func = match known {
            Some(func) => func,
            None => {
                let interface = exports.get_export_index(&mut *store, None, &self.interface);
                let found = interface
                    .and_then(|index| exports.get_export(&mut *store, Some(&index), &self.name));
                let Some((ComponentItem::ComponentFunc(given), index)) = found else {
                    return Ok(Err(self.is_not_as_it_was("does not give it any more")));
                };
                if !Signature(given).is_as(&self.signature) {
                    return Ok(Err(self.is_not_as_it_was("gives it with another type")));
                }
                *place = Some(index);
                exports
                    .get_func(&mut *store, index)
                    .expect("it was found just now")
            }
        };
        drop(place);
        let mut results = vec![Val::Bool(false); self.signature.0.results().len()];
        func.call(store, params, &mut results)?;
        Ok(Ok(results))
    }

    fn is_not_as_it_was(&self, what: &str) -> ProviderError {
        ProviderError(format!(
            "it {what}: {} {}: {}",
            self.interface, self.name, self.signature
        ))
    }
}

impl ImportedInterface {
    /// With its version.
    pub(super) fn interface(&self) -> &str {
        &self.interface
    }

    /// Which of the providers gives it. The first time, `gives` says of each whether it does.
    pub(crate) fn provider(&self, mut gives: impl FnMut(&str) -> Option<usize>) -> Option<usize> {
        if let Some(index) = self.provider.get() {
            return Some(*index);
        }
        let index = gives(&self.interface)?;
        Some(*self.provider.get_or_init(|| index))
    }

    /// What of it is not given as it is used.
    pub(crate) fn misfits<'a>(
        &'a self,
        user: &'a str,
        provider: Option<(&'a str, &'a ExportTypes)>,
    ) -> impl Iterator<Item = Misfit> + 'a {
        let interface = provider.and_then(|(_, gives)| gives.interface(&self.interface));
        let fits = move |function: &ImportedFn| {
            let given = interface.and_then(|functions| functions.get(&function.name));
            match given {
                Some(given) if given.is_as(&function.signature) => Ok(()),
                given => Err(given.map(Signature::to_string)),
            }
        };
        self.functions.iter().filter_map(move |function| {
            let given = fits(function).err()?;
            Some(Misfit {
                user: user.to_owned(),
                provider: provider.map(|(name, _)| name.to_owned()),
                interface: self.interface.clone(),
                function: function.name.clone(),
                wanted: function.signature.to_string(),
                given,
            })
        })
    }
}

impl ExportTypes {
    /// Of a component.
    pub(super) fn of(component: &Component) -> Self {
        let wasm = component.engine();
        let kind = component.component_type();
        let mut gives = Self::default();
        for (name, item) in kind.exports(wasm) {
            let instance = match item.ty {
                ComponentItem::ComponentInstance(instance) if !is_the_hosts(name) => instance,
                ComponentItem::ComponentFunc(signature) => {
                    let functions = gives.0.entry(String::new()).or_default();
                    functions.insert(name.to_owned(), Signature(signature));
                    continue;
                }
                _ => continue,
            };
            let functions = instance.exports(wasm).filter_map(|(name, item)| {
                let ComponentItem::ComponentFunc(signature) = item.ty else {
                    return None;
                };
                Some((name.to_owned(), Signature(signature)))
            });
            gives.0.insert(name.to_owned(), functions.collect());
        }
        gives
    }

    /// What another one has and this one has not, or with another type.
    pub(super) fn changes_since(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (interface, functions) in &before.0 {
            let now = self.interface(interface);
            for (name, was) in functions {
                let function = format!("{interface} {name}");
                let function = function.trim_start();
                match now.and_then(|functions| functions.get(name)) {
                    None => changes.push(format!("{function}: {was} is gone")),
                    Some(is) if is.is_as(was) => {}
                    Some(is) => changes.push(format!("{function} is {is}, and was {was}")),
                }
            }
        }
        changes
    }

    /// Whether it has an interface of this name, of a version that fits.
    pub(crate) fn has(&self, interface: &str) -> bool {
        self.interface(interface).is_some()
    }

    fn interface(&self, wanted: &str) -> Option<&BTreeMap<String, Signature>> {
        let fits = |name: &str| match (name.split_once('@'), wanted.split_once('@')) {
            (Some((name, theirs)), Some((wanted, ours))) => {
                name == wanted && series(theirs) == series(ours)
            }
            _ => name == wanted,
        };
        let exact = self.0.get(wanted);
        exact.or_else(|| Some(self.0.iter().find(|(name, _)| fits(name))?.1))
    }
}
