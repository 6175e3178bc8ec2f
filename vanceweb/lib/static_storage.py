"""The storage of the static files: their names contain hashes of their content, so browsers keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Replaces names by hashed names in the imports of the site's own JavaScript modules too.

    A module imported by its plain name would outlive an update in browsers' caches. An import must end with a semicolon
    and name its file by a path that begins with "./" or "../". Modules can't import each other in a circle, since each
    name would depend on the other: then the collection of static files fails.
    """

    support_js_module_import_aggregation = True
    # Packages have comments that look like imports of files that aren't there.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )
