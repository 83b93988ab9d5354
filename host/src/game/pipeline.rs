//! The pipeline of a game: candidates from its source, and assets from its files.
//! It knows no session.

use std::any::Any;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use vblank_render::assets::Assets;
use vblank_runtime::build::{CandidateSource, News, Pipeline, PipelineOptions, Source};
use vblank_runtime::files;
use vblank_runtime::guest::Engine;

use super::asset_files::{AssetFolder, AssetLoader};

/// A game's candidates and asset files.
pub struct GamePipeline {
    /// Produces candidates.
    pub candidates: Box<dyn CandidateSource>,
    /// Loads assets from files while it is alive. `None` without a folder of assets.
    pub asset_loader: Option<Box<dyn Any>>,
}

/// Starts a pipeline, and the loader of the files in `asset_folder` beside it. `wake_host` is called after
/// each piece of news.
///
/// # Errors
/// When the system cannot start threads.
pub fn start_pipeline(
    engine: &Arc<Engine>,
    assets: &Assets,
    source: Source,
    options: PipelineOptions,
    asset_folder: Option<PathBuf>,
    wake_host: impl Fn() + Clone + Send + 'static,
) -> io::Result<GamePipeline> {
    let folder = asset_folder.map(|folder| AssetFolder {
        folder: files::absolute(folder),
        debounce: options.debounce,
        poll: options.poll,
    });
    let pipeline = Pipeline::start(Arc::clone(engine), source, options, wake_host.clone())?;
    let news = pipeline.sender();
    let notice = move |notice| {
        // Sending fails if the pipeline has been dropped, and then nobody reads notices.
        let _ = news.send(News::Notice(notice));
        wake_host();
    };
    let loader = folder.map(|folder| AssetLoader::start(assets.clone(), folder, notice));
    let loader = loader.transpose()?;
    Ok(GamePipeline {
        candidates: Box::new(pipeline),
        asset_loader: loader.map(|loader| Box::new(loader) as Box<dyn Any>),
    })
}
