//! The imports of WASI that may wait, each with the time limit of a call. They take the place of those that
//! wait for ever. Knows no capability.

use std::future::Future;

use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime::{StoreContextMut, Trap as Cause};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::filesystem::WasiFilesystemView;
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::sync::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorType, ErrorCode, Host, HostDescriptor, OpenFlags,
    PathFlags,
};
use wasmtime_wasi::runtime::in_tokio;
use wasmtime_wasi_io::bindings::wasi::io::poll;

use super::context::Context;

/// The version of WASI that wasmtime links. A linker serves guests of older versions with it too.
const VERSION: &str = "0.2.12";

/// Puts the imports in the place of WASI's own.
///
/// # Errors
/// When wasmtime offers another version.
pub(super) fn add_to_linker(linker: &mut Linker<Context>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let mut polls = linker.instance(&format!("wasi:io/poll@{VERSION}"))?;
    polls.func_wrap(
        "poll",
        |mut store: StoreContextMut<'_, Context>, (list,): (Vec<Resource<DynPollable>>,)| {
            let ready = within_call(&mut store, async |table| {
                poll::Host::poll(table, list).await
            });
            Ok((ready?,))
        },
    )?;
    polls.func_wrap(
        "[method]pollable.block",
        |mut store: StoreContextMut<'_, Context>, (pollable,): (Resource<DynPollable>,)| {
            within_call(&mut store, async |table| {
                poll::HostPollable::block(table, pollable).await
            })
        },
    )?;
    let mut files = linker.instance(&format!("wasi:filesystem/types@{VERSION}"))?;
    files.func_wrap("[method]descriptor.open-at", open_at)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Waits no longer than a call of the guest may take.
fn within_call<T>(
    store: &mut StoreContextMut<'_, Context>,
    wait: impl AsyncFnOnce(&mut ResourceTable) -> wasmtime::Result<T>,
) -> wasmtime::Result<T> {
    let limit = store.data().call_limit();
    let table = store.data_mut().ctx().table;
    let wait = wait(table);
    match in_tokio(timeout(limit, wait)) {
        Some(done) => done,
        None => Err(Cause::Interrupt.into()),
    }
}

async fn timeout<T>(limit: std::time::Duration, wait: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, wait).await.ok()
}

type OpenAt = (
    Resource<Descriptor>,
    PathFlags,
    String,
    OpenFlags,
    DescriptorFlags,
);

/// Opens a file or a folder, and nothing else: a fifo would wait for another program, and a device has no
/// end.
fn open_at(
    mut store: StoreContextMut<'_, Context>,
    (folder, path_flags, path, open_flags, flags): OpenAt,
) -> wasmtime::Result<(Result<Resource<Descriptor>, ErrorCode>,)> {
    let mut files = store.data_mut().filesystem();
    let name = Resource::new_borrow(folder.rep());
    let is_other = match files.stat_at(name, path_flags, path.clone()) {
        Ok(stat) => !matches!(
            stat.type_,
            DescriptorType::RegularFile | DescriptorType::Directory | DescriptorType::SymbolicLink
        ),
        // It may be created.
        Err(_) => false,
    };
    if is_other {
        return Ok((Err(ErrorCode::NotPermitted),));
    }
    let opened = files.open_at(folder, path_flags, path, open_flags, flags);
    Ok((match opened {
        Ok(opened) => Ok(opened),
        Err(error) => Err(files.convert_error_code(error)?),
    },))
}
