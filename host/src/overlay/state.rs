//! The panel with the state: a tree of rows, a field for editing a value, and watched values.

use std::borrow::Cow;

use egui::{
    Button, Color32, Key, Label, RichText, Role, ScrollArea, Sense, TextEdit, TextStyle, Ui,
    WidgetInfo,
};

use super::action::OverlayAction;
use super::frames::plot_number;
use super::snapshot::Snapshot;
use super::tree::{PAGE, Row, Tree};
use crate::event::Command;

const VALUE: Color32 = Color32::from_rgb(150, 210, 240);
const ERROR: Color32 = Color32::from_rgb(240, 100, 90);

pub(super) fn show(
    ui: &mut Ui,
    snapshot: &Snapshot,
    tree: &mut Tree,
    actions: &mut Vec<OverlayAction>,
) {
    ui.horizontal(|ui| {
        let find = TextEdit::singleline(&mut tree.search).hint_text("find by path: sparks[3].life");
        if ui.add(find.desired_width(190.0)).changed() {
            actions.push(OverlayAction::Look);
        }
        let mut button = |text: &str, what: &Option<String>, command: Command| {
            let button = ui.add_enabled(what.is_some(), Button::new(text));
            let hint = what.as_deref().unwrap_or_default();
            if button.on_hover_text(hint).clicked() {
                actions.push(OverlayAction::Do(command));
            }
        };
        button("undo", &snapshot.undo, Command::Undo);
        button("redo", &snapshot.redo, Command::Redo);
    });
    watched(ui, tree, actions);
    if snapshot.rows.is_empty() {
        ui.weak(match tree.search.is_empty() {
            true => "there is no state",
            false => "nothing has such a path",
        });
        return;
    }
    let height = ui.text_style_height(&TextStyle::Body).max(18.0);
    // Scrolling in both directions keeps long values from widening the panel.
    ScrollArea::both()
        .id_salt("state")
        .max_height(330.0)
        .auto_shrink([false, true])
        .show_rows(ui, height, snapshot.rows.len(), |ui, range| {
            for row in &snapshot.rows[range] {
                ui.horizontal(|ui| show_row(ui, row, tree, actions));
            }
        });
    ui.weak(format!(
        "read in {} µs, ten times a second; click a value to edit it",
        snapshot.read_took.as_micros()
    ));
}

fn watched(ui: &mut Ui, tree: &mut Tree, actions: &mut Vec<OverlayAction>) {
    let mut removed = None;
    for watched in &tree.watched {
        ui.horizontal(|ui| {
            if ui.small_button("×").clicked() {
                removed = Some(watched.path.clone());
            }
            ui.monospace(&watched.path);
            ui.add(Label::new(RichText::new(&watched.text).monospace().color(VALUE)).truncate());
        });
        if watched.history.len() > 1 {
            plot_number(ui, &watched.path, watched.history.iter().copied());
        }
    }
    if let Some(path) = removed {
        tree.watch(&path);
        actions.push(OverlayAction::Look);
    }
}

fn show_row(ui: &mut Ui, row: &Row, tree: &mut Tree, actions: &mut Vec<OverlayAction>) {
    const INDENT: f32 = 12.0;
    ui.add_space(INDENT * row.depth as f32);
    if row.count > 0 {
        let sign = if row.is_open { "−" } else { "+" };
        let toggle = ui.add(Button::new(sign).frame(false).small());
        toggle.widget_info(|| {
            let label = format!("open {}", row.path);
            WidgetInfo::labeled(Role::Button, true, label)
        });
        if toggle.clicked() {
            tree.toggle(&row.path);
            actions.push(OverlayAction::Look);
        }
    } else {
        ui.add_space(INDENT);
    }
    ui.monospace(&row.name).on_hover_text(&row.path);
    if tree
        .field
        .as_ref()
        .is_some_and(|field| field.path == row.path)
    {
        show_field(ui, tree, actions);
        return;
    }
    let shown = short(&row.text);
    let value = RichText::new(&*shown).monospace().color(VALUE);
    let value = ui.add(Label::new(value).extend().sense(Sense::click()));
    let value = match shown {
        Cow::Borrowed(_) => value,
        Cow::Owned(_) => value.on_hover_text(&row.text),
    };
    value.widget_info(|| {
        let label = format!("{} = {}", row.path, row.text);
        WidgetInfo::labeled(Role::Label, true, label)
    });
    if value.clicked() {
        tree.begin_edit(&row.path);
        actions.push(OverlayAction::Look);
    }
    if let Some(first) = row.first {
        turn_pages(ui, row, first, tree, actions);
    }
    ui.weak(&row.ty);
    let watch = ui.add(Button::selectable(row.is_watched, "watch").small());
    watch.widget_info(|| {
        let label = format!("watch {}", row.path);
        WidgetInfo::labeled(Role::Button, true, label)
    });
    if watch.clicked() {
        tree.watch(&row.path);
        actions.push(OverlayAction::Look);
    }
}

/// Shortens a text, so that the buttons behind it fit into the row.
fn short(text: &str) -> Cow<'_, str> {
    const MOST: usize = 28;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

fn show_field(ui: &mut Ui, tree: &mut Tree, actions: &mut Vec<OverlayAction>) {
    let Some(field) = &mut tree.field else { return };
    let edit = ui.add(
        TextEdit::singleline(&mut field.text)
            .font(TextStyle::Monospace)
            .desired_width(150.0),
    );
    edit.widget_info(|| {
        let label = format!("edit {}", field.path);
        WidgetInfo::labeled(Role::TextInput, true, label)
    });
    if std::mem::take(&mut field.is_new) {
        edit.request_focus();
    }
    let is_done = edit.lost_focus();
    if is_done && ui.input(|input| input.key_pressed(Key::Enter)) {
        let (path, text) = (field.path.clone(), field.text.clone());
        edit.request_focus();
        actions.push(OverlayAction::Edit { path, text });
    }
    if let Some(error) = &field.error {
        let text = RichText::new(error).color(ERROR);
        ui.add(Label::new(text).truncate()).on_hover_text(error);
    }
    if is_done && ui.input(|input| input.key_pressed(Key::Escape)) {
        tree.field = None;
    }
}

fn turn_pages(
    ui: &mut Ui,
    row: &Row,
    first: usize,
    tree: &mut Tree,
    actions: &mut Vec<OverlayAction>,
) {
    let mut to = None;
    let last = (first + PAGE).min(row.count) - 1;
    if ui
        .add_enabled(first > 0, Button::new("‹").small())
        .clicked()
    {
        to = Some(first.saturating_sub(PAGE));
    }
    ui.weak(format!("{first}–{last}"));
    let is_more = last + 1 < row.count;
    if ui.add_enabled(is_more, Button::new("›").small()).clicked() {
        to = Some(first + PAGE);
    }
    if let Some(to) = to {
        tree.turn_to(&row.path, to);
        actions.push(OverlayAction::Look);
    }
}
