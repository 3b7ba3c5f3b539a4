/* Puts the descriptor, plugin.toml, into the library; the file is looked for as the assembler does,
   from the folder in which the compiler runs. */
#if defined(__APPLE__)
#define DRIFTLESS_SECTION ".section __DATA,__driftless\n"
#elif defined(_WIN32)
#define DRIFTLESS_SECTION ".section .drift,\"dr\"\n"
#else
#define DRIFTLESS_SECTION ".section .driftless,\"aR\",@progbits\n"
#endif
#define DRIFTLESS_DESCRIPTOR(file) \
  __asm__(DRIFTLESS_SECTION ".incbin \"" file "\"\n.byte 0\n.text\n");

#if defined(_WIN32)
#define DRIFTLESS_EXPORT __declspec(dllexport)
#else
#define DRIFTLESS_EXPORT __attribute__((visibility("default")))
#endif
#ifdef __cplusplus
#define DRIFTLESS_C extern "C"
#else
#define DRIFTLESS_C
#endif

/* What the library exports: the addresses of its factories. */
#define DRIFTLESS_LIBRARY(...)                                                                \
  static const driftless_factory *const driftless_factories[] = {__VA_ARGS__};                \
  DRIFTLESS_C DRIFTLESS_EXPORT const driftless_library driftless_c_plugin = {                 \
      DRIFTLESS_MAGIC, DRIFTLESS_MAJOR, DRIFTLESS_MINOR, (uint32_t)sizeof(driftless_library), \
      sizeof driftless_factories / sizeof *driftless_factories, driftless_factories};

/* The setting of this name; the descriptor sees to it that it is there. */
static inline const driftless_setting *driftless_setting_named(const driftless_setting *settings,
                                                               size_t count, const char *name) {
  for (size_t at = 0; at < count; at++) {
    if (strcmp(settings[at].name, name) == 0) return &settings[at];
  }
  return NULL;
}

/* Says why something is refused; for `create`, `connect` and `change_state`. */
static inline driftless_status driftless_refuse(driftless_reason *reason, driftless_status status,
                                                const char *text) {
  strncpy(reason->text, text, sizeof reason->text - 1);
  reason->text[sizeof reason->text - 1] = 0;
  return status;
}

/* Posts why the stream ends; for `receive`, `mark` and `step`, which answer with a status only. */
static inline driftless_status driftless_fail(const driftless_host *host, driftless_status status,
                                              const char *text) {
  host->table->event(host->instance, DRIFTLESS_EVENT_ERROR_ABORT, status, 0, text);
  return status;
}

/* The bytes of a sample for writing: a copy, if somebody else holds them too. NULL without memory. */
static inline void *driftless_writable(const driftless_host *host, driftless_sample *sample) {
  if (!sample->buffer) return NULL;
  if (host->table->is_sole_holder(sample->buffer)) return sample->buffer->data;
  driftless_buffer *copy = host->table->take_buffer(host->instance, sample->length);
  if (!copy) return NULL;
  memcpy(copy->data, sample->buffer->data, sample->length);
  host->table->release_buffer(sample->buffer);
  sample->buffer = copy;
  return copy->data;
}

/* Gives up a sample that is not delivered. */
static inline void driftless_release(const driftless_host *host, driftless_sample *sample) {
  if (sample->buffer) host->table->release_buffer(sample->buffer);
  sample->buffer = NULL;
}

/* Stream time at a host time, ns; meaningful while the graph runs. */
static inline int64_t driftless_stream_time(const driftless_clock_state *clock, int64_t host) {
  return clock->reference + (int64_t)((double)(host - clock->host) * clock->rate) - clock->base;
}
