// The documents of a client: those that are open, and the .hvm files below its folder.
#ifndef HVM_EDITOR_WORKSPACE_H
#define HVM_EDITOR_WORKSPACE_H

#include "document.h"

typedef struct {
  ARRAY(Document *) documents;
  char *root; // a folder; NULL: none
} Workspace;

void workspace_free(Workspace *workspace);
// The folder, as a URI or path.
void workspace_set_root(Workspace *workspace, const char *place);
// URIs that differ only in how they are encoded are the same. NULL: it is not open.
Document *workspace_find(const Workspace *workspace, const char *uri);
Document *workspace_open(Workspace *workspace, const char *uri, const char *text, size_t size, int64_t version);
void workspace_close(Workspace *workspace, Document *document);
// Reads files of the folder that are new or have changed, and analyses all documents. Files beyond some thousands, and
// very large ones, are left out.
void workspace_refresh(Workspace *workspace);

#endif
