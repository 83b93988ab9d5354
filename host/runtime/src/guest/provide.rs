//! Plugins that use plugins: an import of one plugin is an export of another, which is called in a store of
//! its own. Values of the component model can cross, handles of resources cannot.
//!
//! The provider of an import is chosen when a version is let in, and the type is compared then. So a
//! provider can be replaced without linking its users again. This module knows no slot.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use thiserror::Error;
use wasmtime::StoreContextMut;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, Linker, Val};

use super::capability::Capability;
use super::component::series;
use super::context::Context;
use super::recorded_replies::FunctionName;
use super::signature::Signature;
use super::store::Store;
use super::types::CallResult;
use crate::error::Misfit;

/// A running plugin that other plugins use.
pub(crate) trait Provide: Send + Sync {
    /// Calls a function of the running plugin.
    ///
    /// # Errors
    /// When the call fails. The message names the plugin and the cause.
    fn provide(
        &self,
        function: &Arc<ImportedFn>,
        params: &[Val],
    ) -> Result<Vec<Val>, ProviderError>;
}

/// The providers that a plugin may use, in the order in which they were added.
pub(crate) type Providers = Arc<[Arc<dyn Provide>]>;

/// The failure of a provider.
#[derive(Clone, Debug, Error)]
#[error("{0}")]
pub(crate) struct ProviderError(pub(crate) String);

/// An imported interface that belongs neither to the host nor to the application.
#[derive(Debug)]
pub(crate) struct ImportedInterface {
    /// Name with its version.
    interface: String,
    functions: Vec<Arc<ImportedFn>>,
    /// Index of the provider, once a version with this import has been checked.
    provider: Arc<OnceLock<usize>>,
}

/// An imported function, as the importing plugin sees it.
#[derive(Debug)]
pub(crate) struct ImportedFn {
    name: FunctionName,
    signature: Signature,
    /// Index of the function in the component that was called last.
    index: Mutex<Option<ComponentExportIndex>>,
}

/// The types of a component's exported functions, by interface and name. Functions of the world itself are
/// under the empty name.
#[derive(Debug, Default)]
pub(crate) struct ExportTypes(BTreeMap<String, BTreeMap<String, Signature>>);

/// Links the imports that the linker lacks to functions that call one of the providers.
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
        let shared_name: Arc<str> = interface.into();
        let mut linked = linker.instance(interface)?;
        for (name, item) in instance.exports(wasm) {
            let ComponentItem::ComponentFunc(signature) = item.ty else {
                continue;
            };
            let function = Arc::new(ImportedFn {
                name: FunctionName {
                    interface: Arc::clone(&shared_name),
                    function: name.into(),
                },
                signature: Signature(signature),
                index: Mutex::default(),
            });
            let (imported, index, all) = (
                Arc::clone(&function),
                Arc::clone(&provider),
                Arc::clone(providers),
            );
            let defined = linked.func_new(name, move |store, _, params, results| {
                let provider = index.get().and_then(|index| all.get(*index));
                call_provider(store, &imported, provider, params, results)
            });
            // A name that is taken belongs to the application.
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

/// True for interfaces that only the host can offer.
fn is_the_hosts(interface: &str) -> bool {
    interface.starts_with("vblank:guest/") || Capability::needed_for(interface).is_some()
}

/// Calls another plugin, with the caller's store. A recorded reply is returned without a call.
fn call_provider(
    store: StoreContextMut<'_, Context>,
    function: &Arc<ImportedFn>,
    provider: Option<&Arc<dyn Provide>>,
    params: &[Val],
    results: &mut [Val],
) -> wasmtime::Result<()> {
    let replies = store.data().replies.clone();
    let recorded = replies.as_ref();
    if let Some(reply) = recorded.and_then(|replies| replies.next(&function.name, params)) {
        results.clone_from_slice(&reply);
        return Ok(());
    }
    let provider = provider.ok_or_else(|| {
        let FunctionName {
            interface,
            function,
        } = &function.name;
        ProviderError(format!(
            "{interface} {function} was called before the plugin was let in"
        ))
    })?;
    let reply = provider.provide(function, params)?;
    if let Some(replies) = replies {
        replies.record(&function.name, params, &reply);
    }
    // The types were compared, so the numbers of results are equal.
    for (result, value) in results.iter_mut().zip(reply) {
        *result = value;
    }
    Ok(())
}

impl ImportedFn {
    /// Calls the function in the store of a plugin that exports it. The inner error means that the running
    /// version does not export the function with this type; the plugin itself has not failed.
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
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        let known = index.and_then(|index| exports.get_func(&mut *store, index));
        let func = match known {
            Some(func) => func,
            None => {
                let interface = exports.get_export_index(&mut *store, None, &self.name.interface);
                let found = interface.and_then(|interface| {
                    exports.get_export(&mut *store, Some(&interface), &self.name.function)
                });
                let Some((ComponentItem::ComponentFunc(given), found)) = found else {
                    return Ok(Err(self.is_not_as_it_was("does not give it any more")));
                };
                if !Signature(given).is_as(&self.signature) {
                    return Ok(Err(self.is_not_as_it_was("gives it with another type")));
                }
                *index = Some(found);
                exports
                    .get_func(&mut *store, found)
                    .expect("it was found just now")
            }
        };
        drop(index);
        let mut results = vec![Val::Bool(false); self.signature.0.results().len()];
        func.call(store, params, &mut results)?;
        Ok(Ok(results))
    }

    fn is_not_as_it_was(&self, what: &str) -> ProviderError {
        ProviderError(format!(
            "it {what}: {} {}: {}",
            self.name.interface, self.name.function, self.signature
        ))
    }
}

impl ImportedInterface {
    /// Name of the interface with its version.
    pub(super) fn interface(&self) -> &str {
        &self.interface
    }

    /// Returns the index of the provider. The first call chooses it with `find`.
    pub(crate) fn provider(&self, mut find: impl FnMut(&str) -> Option<usize>) -> Option<usize> {
        if let Some(index) = self.provider.get() {
            return Some(*index);
        }
        let index = find(&self.interface)?;
        Some(*self.provider.get_or_init(|| index))
    }

    /// Lists the functions that the provider does not export with the imported type.
    pub(crate) fn misfits<'a>(
        &'a self,
        user: &'a str,
        provider: Option<(&'a str, &'a ExportTypes)>,
    ) -> impl Iterator<Item = Misfit> + 'a {
        let interface = provider.and_then(|(_, exports)| exports.interface(&self.interface));
        let fits = move |function: &ImportedFn| {
            let given = interface.and_then(|functions| functions.get(&*function.name.function));
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
                function: function.name.function.to_string(),
                wanted: function.signature.to_string(),
                given,
            })
        })
    }
}

impl ExportTypes {
    /// Collects the types of a component's exports.
    pub(super) fn of(component: &Component) -> Self {
        let wasm = component.engine();
        let kind = component.component_type();
        let mut types = Self::default();
        for (name, item) in kind.exports(wasm) {
            let instance = match item.ty {
                ComponentItem::ComponentInstance(instance) if !is_the_hosts(name) => instance,
                ComponentItem::ComponentFunc(signature) => {
                    let functions = types.0.entry(String::new()).or_default();
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
            types.0.insert(name.to_owned(), functions.collect());
        }
        types
    }

    /// Lists the functions of an earlier component that are missing here or have another type.
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

    /// True if there is an interface of this name with a compatible version.
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
