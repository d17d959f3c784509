#include "workspace.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { FILES_MAX = 2000, DEPTH_MAX = 12, FILE_MAX = 1 << 22 };

static int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The path of a file's URI, any other text without its percent signs.
static char *decoded(const char *uri) {
  Buffer path = {0};
  buffer_text(&path, "");
  if (strncmp(uri, "file://", 7) == 0) uri += 7;
  for (; *uri; uri++) {
    int high = *uri == '%' ? hexadecimal(uri[1]) : -1, low = high >= 0 ? hexadecimal(uri[2]) : -1;
    if (low >= 0) uri += 2;
    buffer_char(&path, low >= 0 ? (char)(high * 16 + low) : *uri);
  }
  return path.text;
}

static char *encoded(const char *path) {
  Buffer uri = {0};
  buffer_text(&uri, "file://");
  for (; *path; path++) {
    bool plain = token_is_name_character(*path) || strchr("/-.~", *path);
    if (plain && *path != '$')
      buffer_char(&uri, *path);
    else
      buffer_format(&uri, "%%%02X", (unsigned)(unsigned char)*path);
  }
  return uri.text;
}

void workspace_free(Workspace *workspace) {
  for (size_t i = 0; i < workspace->documents.count; i++) document_free(workspace->documents.items[i]);
  ARRAY_FREE(&workspace->documents);
  free(workspace->root);
}

void workspace_set_root(Workspace *workspace, const char *place) {
  free(workspace->root);
  workspace->root = decoded(place);
}

Document *workspace_find(const Workspace *workspace, const char *uri) {
  for (size_t i = 0; i < workspace->documents.count; i++)
    if (strcmp(workspace->documents.items[i]->uri, uri) == 0) return workspace->documents.items[i];
  Document *found = NULL;
  char *path = decoded(uri);
  for (size_t i = 0; i < workspace->documents.count && !found; i++) {
    char *other = decoded(workspace->documents.items[i]->uri);
    if (strcmp(path, other) == 0) found = workspace->documents.items[i];
    free(other);
  }
  free(path);
  return found;
}

static Document *add(Workspace *workspace, const char *uri) {
  Document *document = workspace_find(workspace, uri);
  if (document) return document;
  document = document_new(uri);
  ARRAY_PUSH(&workspace->documents, document);
  return document;
}

Document *workspace_open(Workspace *workspace, const char *uri, const char *text, size_t size, int64_t version) {
  Document *document = add(workspace, uri);
  if (strcmp(document->uri, uri) != 0) { // the client's spelling is the one that it knows
    free(document->uri);
    if (!(document->uri = strdup(uri))) memory_exhausted();
  }
  document->open = true;
  document->version = version;
  document_set(document, text, size);
  return document;
}

void workspace_close(Workspace *workspace, Document *document) {
  for (size_t i = 0; i < workspace->documents.count; i++) {
    if (workspace->documents.items[i] != document) continue;
    workspace->documents.items[i] = workspace->documents.items[--workspace->documents.count];
    document_free(document);
    return;
  }
}

// Reads a file unless it is open or as it was.
static void read_file(Workspace *workspace, const char *path, const struct stat *information) {
  int64_t stamp = (int64_t)information->st_mtim.tv_sec * 1000000000 + information->st_mtim.tv_nsec;
  char *uri = encoded(path);
  Document *document = workspace_find(workspace, uri);
  FILE *file = document && (document->open || document->stamp == stamp) ? NULL : fopen(path, "rb");
  if (file) {
    Buffer text = {0};
    char chunk[1 << 14];
    buffer_text(&text, "");
    for (size_t size; (size = fread(chunk, 1, sizeof chunk, file)) > 0;) buffer_add(&text, chunk, size);
    fclose(file);
    document = add(workspace, uri);
    document->stamp = stamp;
    document_set(document, text.text, text.size);
    buffer_free(&text);
  }
  free(uri);
}

static void read_folder(Workspace *workspace, const char *folder, int depth) {
  DIR *directory = opendir(folder);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory)) && workspace->documents.count < FILES_MAX;) {
    size_t size = strlen(entry->d_name);
    struct stat information;
    char *path = NULL;
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, "node_modules") == 0) continue;
    if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) memory_exhausted();
    bool there = lstat(path, &information) == 0;
    if (there && S_ISDIR(information.st_mode) && depth < DEPTH_MAX)
      read_folder(workspace, path, depth + 1);
    else if (there && S_ISREG(information.st_mode) && information.st_size <= FILE_MAX && size > 4 &&
             strcmp(entry->d_name + size - 4, ".hvm") == 0)
      read_file(workspace, path, &information);
    free(path);
  }
  closedir(directory);
}

static bool is_gone(const Document *document) {
  char *path = decoded(document->uri);
  struct stat information;
  bool gone = !document->open && stat(path, &information) != 0;
  free(path);
  return gone;
}

void workspace_refresh(Workspace *workspace) {
  for (size_t i = workspace->documents.count; i-- > 0;)
    if (is_gone(workspace->documents.items[i])) workspace_close(workspace, workspace->documents.items[i]);
  if (workspace->root && *workspace->root) read_folder(workspace, workspace->root, 0);
  for (size_t i = 0; i < workspace->documents.count; i++) document_analyse(workspace->documents.items[i]);
}
