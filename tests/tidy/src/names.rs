//! Names of the private dialect that the field has better terms for (the table in the style guide).

use syn::visit::{self, Visit};

use crate::source::Source;

/// Names that are not to be used, and the terms to use instead.
const TERMS: &[(&str, &str)] = &[
    ("Running", "Supervisor"),
    ("Carried", "PreparedSwap"),
    ("CarryOnly", "prepare"),
    ("LetGo", "abort"),
    ("Kept", "Checkpoint or LayoutCache"),
    ("Aftermath", "FailureOutcome"),
    ("Told", "SourceState, WorkerChannels or OverlayLog"),
    ("Untold", "PendingRecord"),
    ("Telling", "record_queue"),
    ("Wish", "PendingRollback or OverlayAction"),
    ("Wishes", "GuestRequests"),
    ("Asked", "requests"),
    ("Then", "AfterSave or ArchivedState"),
    ("Past", "StateArchive"),
    ("Again", "RecordedCall"),
    ("Relive", "replay"),
    ("Seen", "Snapshot"),
    ("Going", "RunState"),
    ("Fate", "VersionOutcome"),
    ("Ties", "Dependencies"),
    ("Need", "Imports"),
    ("Gives", "Exports"),
    ("Foreign", "ImportedFn"),
    ("OfAnother", "ProviderError"),
    ("Face", "GuestExports"),
    ("Patience", "RestartPolicy"),
    ("Away", "Unavailable"),
    ("Place", "SourceLocation"),
    ("Exchange", "CompletedSwap"),
    ("Exchanges", "RecordedReplies"),
];

/// Terms for types only. `swap::Path` is forbidden for a type, and a field that holds a path is rightly
/// called one.
const TYPE_TERMS: &[(&str, &str)] = &[("Path", "TransferMode")];

/// Returns the definitions with such a name, one line each.
pub fn private_names(sources: &[Source]) -> Vec<String> {
    let mut breaches = Vec::new();
    for source in sources.iter().filter(|source| !source.is_generated()) {
        let mut names = Names {
            source,
            breaches: &mut breaches,
        };
        names.visit_file(&source.tree);
    }
    breaches
}

struct Names<'a> {
    source: &'a Source,
    breaches: &'a mut Vec<String>,
}

impl Names<'_> {
    fn look_at(&mut self, kind: &str, ident: &syn::Ident) {
        let name = ident.to_string();
        let camel = camel_case(name.trim_start_matches("r#"));
        let is_type = matches!(kind, "type" | "trait" | "alias");
        let more = if is_type { TYPE_TERMS } else { &[] };
        let term = TERMS.iter().chain(more).find(|(left, _)| *left == camel);
        if let Some((_, term)) = term {
            self.breaches.push(format!(
                "{}:{}: {kind} `{name}`: rather {term}",
                self.source.path.display(),
                ident.span().start().line,
            ));
        }
    }
}

/// Converts `carry_only` to `CarryOnly`. Camel case stays.
fn camel_case(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    name.split('_').map(word).collect()
}

impl<'ast> Visit<'ast> for Names<'_> {
    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.look_at("type", &item.ident);
        visit::visit_item_struct(self, item);
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.look_at("type", &item.ident);
        visit::visit_item_enum(self, item);
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.look_at("type", &item.ident);
        visit::visit_item_union(self, item);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.look_at("trait", &item.ident);
        visit::visit_item_trait(self, item);
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.look_at("type", &item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.look_at("type", &item.ident);
        visit::visit_trait_item_type(self, item);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        self.look_at("module", &item.ident);
        visit::visit_item_mod(self, item);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        self.look_at("function", &signature.ident);
        visit::visit_signature(self, signature);
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(ident) = &field.ident {
            self.look_at("field", ident);
        }
        visit::visit_field(self, field);
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        self.look_at("variant", &variant.ident);
        visit::visit_variant(self, variant);
    }

    fn visit_use_rename(&mut self, rename: &'ast syn::UseRename) {
        self.look_at("alias", &rename.rename);
    }
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn names_of_functions_and_of_types_are_compared_alike() {
        assert_eq!(camel_case("carry_only"), "CarryOnly");
        assert_eq!(camel_case("OfAnother"), "OfAnother");
        assert_eq!(camel_case("told"), "Told");
    }
}
