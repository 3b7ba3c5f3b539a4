/* driftless.h: filter plugins for driftless in C and C++.

   Made from plugin-api by `cargo xtask header`; change it there. Whole plugins to copy from are in the
   folders examples/c-gain and examples/cpp-tone. `[main]`, `[streaming]` and `[device]` say which thread
   calls; on `[device]` nothing allocates, frees, locks, logs or enters the kernel. */

#ifndef DRIFTLESS_H
#define DRIFTLESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A setting: what the manifest says, or the descriptor's default.
typedef struct driftless_setting {
  // Its name.
  const char *name;
  // 0 boolean, 1 integer, 2 number, 3 time, 4 text, 5 words; others are to be passed over.
  uint32_t kind;
  // How many words there are, for kind 5.
  uint32_t count;
  // Boolean (0, 1), integer, or time in ns.
  int64_t integer;
  // Number, in the unit of the descriptor.
  double number;
  // Text; empty for other kinds.
  const char *text;
  // Words; null for other kinds.
  const char *const *words;
} driftless_setting;

// The reference clock as everyone may read it: an affine function of host time. Frozen.
typedef struct driftless_clock_state {
  // Host time of the anchor, ns.
  int64_t host;
  // Reference time at the anchor, ns.
  int64_t reference;
  // Reference nanoseconds a host nanosecond, near 1.
  double rate;
  // Reference time of stream time 0 (LS-66); valid while running.
  int64_t base;
  // Stream time while paused, ns.
  int64_t paused_at;
  // What every renderer adds to a stamp, ns (LS-M3).
  int64_t presentation_delay;
  // 0 stopped, 1 paused, 2 running.
  uint32_t state;
  // Bit 0: there is a clock. Bit 1: it is the asking filter's own (G of LS-75).
  uint32_t flags;
  // Changes whenever another clock is chosen (LS-76).
  uint32_t epoch;
  // Always 0.
  uint32_t reserved;
} driftless_clock_state;

// One reading of a clock that a filter offers: host and reference time of the same instant. Frozen.
typedef struct driftless_clock_reading {
  // Host time, ns.
  int64_t host;
  // The clock's own time, ns.
  int64_t reference;
  // Clock nanoseconds a host nanosecond, near 1.
  double rate;
} driftless_clock_reading;

// The head of a sample buffer; its bytes lie at `data`.
typedef struct driftless_buffer {
  // How many samples hold it. Zero only while it is on its way back.
  size_t references;
  // Bytes at `data`.
  size_t capacity;
  // The memory, aligned to 64 bytes.
  uint8_t *data;
  // Called by whoever drops the last reference, on any thread.
  void (*release)(struct driftless_buffer*);
  // What `release` needs to find its pool.
  uint8_t *owner;
  // Always 0.
  size_t reserved[2];
} driftless_buffer;

// What a search upstream found (LS-36 to LS-40). Frozen.
typedef struct driftless_upstream {
  // Whether a live source is upstream (LS-1).
  uint32_t live;
  // Whether a push source was found, so that what follows is valid.
  uint32_t push_source;
  // Its flags.
  uint32_t flags;
  // Always 0.
  uint32_t reserved;
  // Its latency, ns; negative when unknown.
  int64_t latency;
  // Its stream offset, ns.
  int64_t offset;
} driftless_upstream;

// The host's services. Every function may be called on any thread; those marked device-safe neither
// allocate, lock nor enter the kernel.
typedef struct driftless_host_table {
  // Bytes of this table; functions beyond it are not there.
  size_t size;
  // Host time, ns. Device-safe.
  int64_t (*now)(const void *host);
  // The reference clock and the graph's state. Device-safe.
  struct driftless_clock_state (*clock)(const void *host);
  // Steps the filter soon.
  void (*wake)(const void *host);
  // A new reading of the clock that this filter offers; one thread only. Device-safe.
  void (*publish_clock)(const void *host, struct driftless_clock_reading reading);
  // Posts an event.
  void (*event)(const void *host, uint32_t code, int64_t p1, int64_t p2, const char *text);
  // Writes a line to the log; levels 1 error to 5 trace.
  void (*log)(const void *host, uint32_t level, const char *text);
  // A sample buffer of the graph's pool with one holder, or null above 128 MiB. Its bytes are at
  // `data`. What only one holds may be written.
  struct driftless_buffer *(*take_buffer)(const void *host, size_t bytes);
  // One more holder of a buffer. Device-safe.
  void (*retain_buffer)(struct driftless_buffer *buffer);
  // One holder less; the last one returns the buffer to its pool.
  void (*release_buffer)(struct driftless_buffer *buffer);
  // Whether there is one holder only, so that the buffer may be written. Device-safe.
  bool (*is_sole_holder)(const struct driftless_buffer *buffer);
  // Searches upstream of an input pin for a push source.
  struct driftless_upstream (*upstream)(const void *host, uint32_t pin);
  // A number that is the same in every run with the same seed, and another for every filter.
  uint64_t (*seed)(const void *host);
} driftless_host_table;

// The host as one filter sees it.
typedef struct driftless_host {
  // Its services.
  const struct driftless_host_table *table;
  // The first argument of each.
  const void *instance;
} driftless_host;

// Why something failed: a sentence, written by the plugin.
typedef struct driftless_reason {
  // It ends with a zero byte.
  char text[256];
} driftless_reason;

// A kind of filter that a library can make.
typedef struct driftless_factory {
  // sizeof(driftless_factory)
  uint32_t size;
  // 1 source, 2 transform, 3 renderer.
  uint32_t kind;
  // The filter's id, as in the descriptor.
  const char *id;
  // Makes a filter from its complete settings, or returns null and says why in `reason`. What it
  // returns points to a structure that begins with a `const driftless_filter_table *`. The settings
  // are valid during the call, `host` until the filter's `destroy` has returned. `[main]`
  void *(*create)(const struct driftless_setting *settings,
                  size_t count,
                  const struct driftless_host *host,
                  struct driftless_reason *reason);
} driftless_factory;

// What a library exports under the name `driftless_c_plugin`.
typedef struct driftless_library {
  // DRIFTLESS_MAGIC.
  uint32_t magic;
  // Major version of the header it was compiled with; the host's must be the same.
  uint32_t major;
  // Minor version of that header; the host's may be another.
  uint32_t minor;
  // sizeof(driftless_library)
  uint32_t size;
  // How many factories there are.
  size_t count;
  // The factories, one for each filter of the descriptor.
  const struct driftless_factory *const *factories;
} driftless_library;

// A media pattern in numbers; zero means "any". With `major` 0 it is the pattern `any`.
typedef struct driftless_media {
  // 0 any, 1 audio, 2 video; others match nothing.
  uint32_t major;
  // Audio: frames per second. Video: pixel format (1 rgb24, 2 gray8, 3 i420).
  uint32_t first;
  // Audio: channels. Video: width.
  uint32_t second;
  // Video: height.
  uint32_t third;
  // Video: frames of the frame rate.
  uint32_t frames;
  // Video: seconds of the frame rate.
  uint32_t seconds;
  // Always 0.
  uint32_t reserved[4];
} driftless_media;

// The outcome of a call: zero or positive is success, negative is failure. `[any]`
//
// A transparent integer and no enum: a newer plugin may return a value that an older host does not
// know, which would be undefined behaviour for an enum.
typedef int32_t driftless_status;

// `Wake` as it crosses the border; an unknown `kind` counts as "when signalled".
typedef struct driftless_wake {
  // 0 at a time, 1 when signalled, 2 ended, 3 panicked.
  uint32_t kind;
  // Always 0.
  uint32_t reserved;
  // Host time in nanoseconds, for kind 0.
  int64_t at;
} driftless_wake;
// The answer of a filter that panicked in `step`.
#define driftless_wake_PANICKED (driftless_wake){ .kind = 3, .reserved = 0, .at = 0 }

// A sample's header; `Sample` is the safe view of it.
typedef struct driftless_sample {
  // Stream time at which it is due, ns; valid with TIME_VALID.
  int64_t start;
  // Stream time at which it ends, ns; valid with STOP_VALID.
  int64_t stop;
  // First frame (audio) or frame number (video); valid with MEDIA_TIME_VALID.
  int64_t media_start;
  // One past the last.
  int64_t media_stop;
  // `SampleFlags`.
  uint32_t flags;
  // Which stream it belongs to; 0 in all that there is today.
  uint32_t stream;
  // Bytes used of the buffer.
  size_t length;
  // One reference to the data, or null.
  struct driftless_buffer *buffer;
  // The new media type, from this sample on; valid with TYPE_CHANGED.
  struct driftless_media media;
  // Host time at which its data had arrived, ns; valid with ARRIVAL_VALID.
  int64_t arrival;
  // Always 0.
  uint64_t reserved;
} driftless_sample;

// What travels between the samples of a stream (section 8.3). Frozen.
typedef struct driftless_marker {
  // 1 end of stream, 2 begin flush, 3 end flush, 4 new segment; others are passed over.
  uint32_t kind;
  // Always 0.
  uint32_t reserved;
  // New segment: start, ns.
  int64_t start;
  // New segment: stop, ns.
  int64_t stop;
  // New segment: rate.
  double rate;
} driftless_marker;

// What a filter has at hand while it streams. Valid for one call. Frozen.
typedef struct driftless_output {
  // First argument of the functions.
  void *instance;
  // Host time of this step, ns.
  int64_t now;
  // How many output pins are connected.
  uint32_t pins;
  // Always 0.
  uint32_t reserved;
  // Hands a sample to what is connected to an output pin; the sample is taken over in any case.
  driftless_status (*deliver)(void*, uint32_t, struct driftless_sample*, int64_t);
  // Sends a marker through an output pin.
  driftless_status (*mark)(void*, uint32_t, const struct driftless_marker*, int64_t);
  // Always 0.
  size_t reserved_functions[2];
} driftless_output;

// A number that a filter counts for the report.
typedef struct driftless_counter {
  // What is counted; lives as long as the library.
  const char *name;
  // How many since activation.
  uint64_t value;
} driftless_counter;

// See `Latency`. `[main]`
typedef struct driftless_latency {
  // sizeof(driftless_latency)
  size_t size;
  // Writes nanoseconds.
  driftless_status (*latency)(void *filter, uint32_t pin, int64_t *ns);
  // How much of the stream a pin can hold back on top, ns; negative when that is not known.
  // May be null: not known.
  int64_t (*holds)(void *filter, uint32_t pin);
} driftless_latency;

// See `PushSource`. `[main]`
typedef struct driftless_push_source {
  // sizeof(driftless_push_source)
  size_t size;
  // Writes bits: 1 matches rates itself, 2 not live, 4 private clock.
  driftless_status (*flags)(void *filter, uint32_t pin, uint32_t *flags);
  // Which instant stamps name: 0 delivery, 1 capture, 2 none.
  uint32_t (*stamps)(void *filter, uint32_t pin);
  // Writes the offset in force, ns.
  driftless_status (*stream_offset)(void *filter, uint32_t pin, int64_t *ns);
  // Sets what is added to every stamp from the next sample on, ns.
  driftless_status (*set_stream_offset)(void *filter, uint32_t pin, int64_t ns);
  // Writes the largest offset that the pin's buffering supports, ns.
  driftless_status (*max_stream_offset)(void *filter, uint32_t pin, int64_t *ns);
  // Tells the largest offset that this graph may use, ns. May be null: not implemented.
  driftless_status (*set_max_stream_offset)(void *filter, uint32_t pin, int64_t ns);
} driftless_push_source;

// See `Clock`. `[main]`
typedef struct driftless_clock {
  // sizeof(driftless_clock)
  size_t size;
  // Whether it is on offer.
  bool (*offers)(void *filter);
  // The oscillator's name, valid until the filter is called again; empty: nobody else's.
  // May be null: empty.
  const char *(*identity)(void *filter);
} driftless_clock;

// See `ClockSlave`. `[main]`
typedef struct driftless_clock_slave {
  // sizeof(driftless_clock_slave)
  size_t size;
  // Nanoseconds.
  int64_t (*tolerance)(void *filter);
  // Nanoseconds.
  driftless_status (*set_tolerance)(void *filter, int64_t ns);
} driftless_clock_slave;

// What a renderer measured since it was activated. Frozen; all spans in nanoseconds.
//
// An error is (stream time at which something was presented) − (its stamp + the presentation delay):
// positive is late. Sums run from the moment the renderer locked, or from the start if it never
// follows a clock.
typedef struct driftless_statistics {
  // Presentations (device periods, video frames) measured in the sums below.
  uint64_t presented;
  // Sum of their errors, ns.
  double error_sum;
  // Sum of the squares, ns².
  double error_square_sum;
  // Largest error without its sign, ns.
  int64_t error_max;
  // The newest error, ns (LS-88 #9).
  int64_t error_now;
  // Highest error so far, with its sign, ns (LS-88 #8).
  int64_t error_highest;
  // Lowest error so far, with its sign, ns.
  int64_t error_lowest;
  // How far the consumed clock is from the renderer's own, parts per million.
  double ppm;
  // 1 while locked.
  uint32_t locked;
  // Row of the rate-match table in force (LS-77), 0 before the first sample.
  uint32_t row;
  // Bit mask of LS-88 #2.
  uint32_t mode;
  // Frames a second consumed, rounded (LS-88 #6).
  uint32_t slave_rate;
  // From the first sample until locked, ns; negative while that has not happened.
  int64_t locked_after;
  // Frames dropped: late, overlapping, or to stay in sync.
  uint64_t dropped_frames;
  // Frames of silence inserted to stay in sync or for gaps between stamps.
  uint64_t inserted_frames;
  // Frames made up where data was missing.
  uint64_t concealed_frames;
  // Device periods in which data was missing.
  uint64_t underruns;
  // Times that data was lost because there was no room.
  uint64_t overruns;
  // Times that the renderer started over.
  uint64_t resyncs;
  // Discontinuities in what was received.
  uint64_t discontinuities;
  // Breaks in what was presented (LS-88 #1).
  uint64_t breaks;
  // Silence because of stamp gaps, ns.
  int64_t silence;
  // Dropped to stay in sync, ns.
  int64_t drop_write;
  // Accumulated difference including drops and gaps, ns.
  int64_t accumulated_error;
  // Length of the latest buffer, ns.
  int64_t last_buffer;
  // Queued audio, ns.
  int64_t fill;
  // Capacity of that queue, ns.
  int64_t capacity;
  // Delay of the device, ns.
  int64_t device_delay;
  // Frames a second of the stream, for turning frames into time; 0 for video.
  uint32_t rate_hz;
  // The newest error above 0 and the newest below, ns (LS-88 #9), each as its lower and its higher half; all
  // 0 where only `error_now` is told. The rest is always 0.
  uint32_t reserved[7];
} driftless_statistics;

// See `RendererStatistics`. `[main]`
typedef struct driftless_renderer_statistics {
  // sizeof(driftless_renderer_statistics)
  size_t size;
  // Fills the structure.
  driftless_status (*statistics)(void *filter, struct driftless_statistics *statistics);
} driftless_renderer_statistics;

// See `StreamControl`. A time is a flag "now" and nanoseconds, INT64_MAX meaning never.
// `[main]`
typedef struct driftless_stream_control {
  // sizeof(driftless_stream_control)
  size_t size;
  // Starts a pin's stream.
  driftless_status (*start_at)(void *filter, uint32_t pin, bool now, int64_t at, uint32_t cookie);
  // Stops it, after one more sample if `extra`.
  driftless_status (*stop_at)(void *filter,
                              uint32_t pin,
                              bool now,
                              int64_t at,
                              bool extra,
                              uint32_t cookie);
} driftless_stream_control;

// See `Pins`. `[main]`
typedef struct driftless_pins {
  // sizeof(driftless_pins)
  size_t size;
  // 0 capture, 1 preview, 2 other.
  uint32_t (*category)(void *filter, uint32_t pin);
  // 1 renderer, 2 source.
  uint32_t (*misc_flags)(void *filter);
} driftless_pins;

// The life of a filter. No two functions run at once for one filter; which thread calls does not
// matter. Each is given what `create` returned. Pins are numbered within their direction in the
// descriptor's order; outputs have the highest bit set.
typedef struct driftless_filter_table {
  // sizeof(driftless_filter_table)
  uint32_t size;
  // Always 0.
  uint32_t reserved;
  // Ends the filter. `[main]`
  void (*destroy)(void *filter);
  // Writes what a pin proposes, best first, at most `room` of them, and returns how many it wrote.
  // May be null: any. `[main]`
  size_t (*media_types)(void *filter, uint32_t pin, struct driftless_media *types, size_t room);
  // Accepts a complete media type for a pin; or refuses it, changes nothing, and says what would be
  // accepted. `[main]`
  driftless_status (*connect)(void *filter,
                              uint32_t pin,
                              const struct driftless_media *media,
                              struct driftless_reason *reason);
  // Undoes `connect`. May be null: nothing to do. `[main]`
  void (*disconnect)(void *filter, uint32_t pin);
  // 1 activate, 2 run (stream time 0 is at the reference time `base`), 3 pause, 4 deactivate.
  // May be null: nothing to do. `[main]`
  driftless_status (*change_state)(void *filter,
                                   uint32_t transition,
                                   int64_t base,
                                   struct driftless_reason *reason);
  // DRIFTLESS_OK, DRIFTLESS_INTERMEDIATE or DRIFTLESS_CANT_CUE. May be null: OK. `[main]`
  driftless_status (*cue)(void *filter);
  // Does what is due, and says when to be called again. May be null: when signalled. `[streaming]`
  struct driftless_wake (*step)(void *filter, const struct driftless_output *output);
  // Takes a sample over, which is to be delivered or released. DRIFTLESS_FALSE: send no more. A
  // failure ends the branch; see `driftless_fail`. May be null in a source. `[streaming]`
  driftless_status (*receive)(void *filter,
                              uint32_t pin,
                              struct driftless_sample *sample,
                              const struct driftless_output *output);
  // Takes a marker. May be null: it is passed on through all output pins. `[streaming]`
  driftless_status (*mark)(void *filter,
                           uint32_t pin,
                           const struct driftless_marker *marker,
                           const struct driftless_output *output);
  // Whether a renderer has room for another sample. May be null: always. `[streaming]`
  bool (*ready)(void *filter);
  // Writes at most `room` numbers for the report, and returns how many it wrote. May be null: none.
  // `[main]`
  size_t (*counters)(void *filter, struct driftless_counter *counters, size_t room);
  // How long a sample takes through the filter. May be null.
  const struct driftless_latency *latency;
  // What a live source promises of its stamps. May be null.
  const struct driftless_push_source *push_source;
  // A clock on offer. May be null.
  const struct driftless_clock *clock;
  // A renderer that follows another clock. May be null.
  const struct driftless_clock_slave *clock_slave;
  // How well a renderer keeps time. May be null.
  const struct driftless_renderer_statistics *renderer_statistics;
  // Starting and stopping of pins. May be null.
  const struct driftless_stream_control *stream_control;
  // What the filter and its pins are for. May be null.
  const struct driftless_pins *pins;
} driftless_filter_table;

/* What a call answers; zero or more is success. */
#define DRIFTLESS_OK (0)
#define DRIFTLESS_FALSE (1)
#define DRIFTLESS_INTERMEDIATE (2)
#define DRIFTLESS_CANT_CUE (3)
#define DRIFTLESS_NO_STOP_TIME (4)
#define DRIFTLESS_FAIL (-1)
#define DRIFTLESS_NOT_IMPLEMENTED (-2)
#define DRIFTLESS_NO_INTERFACE (-3)
#define DRIFTLESS_INVALID_ARGUMENT (-4)
#define DRIFTLESS_POINTER (-5)
#define DRIFTLESS_NOT_STOPPED (-6)
#define DRIFTLESS_WRONG_STATE (-7)
#define DRIFTLESS_NO_CLOCK (-8)
#define DRIFTLESS_TIME_NOT_SET (-9)
#define DRIFTLESS_MEDIA_TIME_NOT_SET (-10)
#define DRIFTLESS_NOT_CONNECTED (-11)
#define DRIFTLESS_ALREADY_CONNECTED (-12)
#define DRIFTLESS_NO_ACCEPTABLE_TYPES (-13)
#define DRIFTLESS_TYPE_NOT_ACCEPTED (-14)
#define DRIFTLESS_INVALID_DIRECTION (-15)
#define DRIFTLESS_CIRCULAR (-16)
#define DRIFTLESS_NOT_IN_GRAPH (-17)
#define DRIFTLESS_NOT_COMMITTED (-18)
#define DRIFTLESS_START_AFTER_END (-19)
#define DRIFTLESS_PANICKED (-20)

/* Codes of events. */
#define DRIFTLESS_EVENT_COMPLETE 0x1u
#define DRIFTLESS_EVENT_USER_ABORT 0x2u
#define DRIFTLESS_EVENT_ERROR_ABORT 0x3u
#define DRIFTLESS_EVENT_STREAM_ERROR_STOPPED 0x6u
#define DRIFTLESS_EVENT_STREAM_ERROR_STILL_PLAYING 0x7u
#define DRIFTLESS_EVENT_ERROR_STILL_PLAYING 0x8u
#define DRIFTLESS_EVENT_VIDEO_SIZE_CHANGED 0xau
#define DRIFTLESS_EVENT_QUALITY_CHANGE 0xbu
#define DRIFTLESS_EVENT_CLOCK_CHANGED 0xdu
#define DRIFTLESS_EVENT_PAUSED 0xeu
#define DRIFTLESS_EVENT_BUFFERING_DATA 0x11u
#define DRIFTLESS_EVENT_NEED_RESTART 0x14u
#define DRIFTLESS_EVENT_STARVATION 0x17u
#define DRIFTLESS_EVENT_STREAM_STOPPED 0x1au
#define DRIFTLESS_EVENT_STREAM_STARTED 0x1bu
#define DRIFTLESS_EVENT_END_OF_SEGMENT 0x1cu
#define DRIFTLESS_EVENT_SEGMENT_STARTED 0x1du
#define DRIFTLESS_EVENT_DEVICE_LOST 0x1fu
#define DRIFTLESS_EVENT_PROCESSING_LATENCY 0x21u
#define DRIFTLESS_EVENT_SAMPLE_LATENCY 0x22u
#define DRIFTLESS_EVENT_STATE_CHANGE 0x32u
#define DRIFTLESS_EVENT_GRAPH_CHANGED 0x50u
#define DRIFTLESS_EVENT_CLOCK_UNSET 0x51u
#define DRIFTLESS_EVENT_SOUND_IN_ERROR 0x200u
#define DRIFTLESS_EVENT_SOUND_OUT_ERROR 0x201u
#define DRIFTLESS_EVENT_LATENCY_CHANGED 0x8001u
#define DRIFTLESS_EVENT_LATENCY_UNKNOWN 0x8002u
#define DRIFTLESS_EVENT_LATENCY_ABOVE_CAP 0x8003u
#define DRIFTLESS_EVENT_OFFSET_BEYOND_PREFERRED 0x8004u
#define DRIFTLESS_EVENT_OFFSET_REFUSED 0x8005u
#define DRIFTLESS_EVENT_INSUFFICIENT_BUFFERING 0x8006u
#define DRIFTLESS_EVENT_RATE_MATCH_CHANGED 0x8007u
#define DRIFTLESS_EVENT_RESYNC 0x8008u
#define DRIFTLESS_EVENT_FILTER_POISONED 0x8009u
#define DRIFTLESS_EVENT_CLOCK_SUSPICIOUS 0x800au
#define DRIFTLESS_EVENT_WARNING 0x800bu
#define DRIFTLESS_EVENT_QUEUE_OVERRUN 0x800cu
#define DRIFTLESS_EVENT_FILTER_STUCK 0x800du
#define DRIFTLESS_EVENT_LATENCY_TOO_SHORT 0x8010u

/* Flags of samples. */
#define DRIFTLESS_SAMPLE_SPLICE_POINT 0x1u
#define DRIFTLESS_SAMPLE_PREROLL 0x2u
#define DRIFTLESS_SAMPLE_DISCONTINUITY 0x4u
#define DRIFTLESS_SAMPLE_TYPE_CHANGED 0x8u
#define DRIFTLESS_SAMPLE_TIME_VALID 0x10u
#define DRIFTLESS_SAMPLE_TIME_DISCONTINUITY 0x40u
#define DRIFTLESS_SAMPLE_FLUSH_ON_PAUSE 0x80u
#define DRIFTLESS_SAMPLE_STOP_VALID 0x100u
#define DRIFTLESS_SAMPLE_MEDIA_TIME_VALID 0x10000u
#define DRIFTLESS_SAMPLE_ARRIVAL_VALID 0x20000u

/* The version of this header. */
#define DRIFTLESS_MAJOR 1
#define DRIFTLESS_MINOR 1
#define DRIFTLESS_MAGIC 0x74667264u

/* The bit of output pins. */
#define DRIFTLESS_OUTPUT 0x80000000u

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

#endif  /* DRIFTLESS_H */
