/* A live sine: stamps each sample with the stream time at which it is delivered, plus its stream offset.

     g++ -std=c++17 -O2 -fPIC -shared -I ../../plugin-api/c -o libexample_cpp_tone.so tone.cpp
     driftless plugins --why ./libexample_cpp_tone.so

   No exception may leave a function that the host calls; nothing here throws but `new`, so that one is
   the kind that does not. */

#include <cmath>
#include <new>

#include "driftless.h"

namespace {

constexpr int64_t rate = 48000;
constexpr int64_t frames = 480;
constexpr int64_t period = 1000000000 * frames / rate; /* ns */
constexpr int64_t max_offset = 5000000000;
constexpr int64_t never = INT64_MIN;

struct Tone {
  const driftless_filter_table *table; /* first, so that the host finds it; no virtual functions */
  const driftless_host *host;
  double step;   /* radians a frame */
  double factor; /* peak */
  double phase = 0;
  int64_t first = 0;  /* host time at which the first sample of this run was due */
  int64_t made = -1;  /* samples since then; -1 before the first step */
  int64_t frame = 0;  /* frames since activation */
  int64_t last = never; /* the last stamp */
  int64_t offset = 0;
  bool broken = true; /* the next sample does not follow the last one */
  bool running = false;
  uint64_t without_memory = 0;

  static Tone &of(void *filter) { return *static_cast<Tone *>(filter); }

  int64_t due() const { return first + made * period; }

  /* The sample that ends now, unless its stamp would not rise: after the offset became smaller. */
  void deliver(const driftless_output *output) {
    driftless_clock_state clock = host->table->clock(host->instance);
    driftless_sample sample = {};
    sample.start = driftless_stream_time(&clock, due()) + offset;
    sample.stop = sample.start + period;
    sample.media_start = frame;
    sample.media_stop = frame += frames;
    if (sample.start <= last) {
      broken = true;
      return;
    }
    sample.buffer = host->table->take_buffer(host->instance, frames * sizeof(float));
    if (!sample.buffer) {
      without_memory++;
      broken = true;
      return;
    }
    float *values = reinterpret_cast<float *>(sample.buffer->data);
    for (int64_t at = 0; at < frames; at++) {
      values[at] = static_cast<float>(factor * std::sin(phase));
      phase = std::fmod(phase + step, 6.283185307179586);
    }
    sample.length = frames * sizeof(float);
    sample.flags = DRIFTLESS_SAMPLE_SPLICE_POINT | DRIFTLESS_SAMPLE_TIME_VALID |
                   DRIFTLESS_SAMPLE_STOP_VALID | DRIFTLESS_SAMPLE_MEDIA_TIME_VALID;
    if (broken) sample.flags |= DRIFTLESS_SAMPLE_DISCONTINUITY;
    broken = false;
    last = sample.start;
    output->deliver(output->instance, 0, &sample, output->now);
  }
};

driftless_media audio() {
  driftless_media media = {};
  media.major = 1;
  media.first = rate;
  media.second = 1;
  return media;
}

void destroy(void *filter) { delete &Tone::of(filter); }

size_t media_types(void *, uint32_t, driftless_media *types, size_t) {
  types[0] = audio();
  return 1;
}

driftless_status connect(void *, uint32_t, const driftless_media *media, driftless_reason *reason) {
  const driftless_media own = audio();
  if (memcmp(media, &own, sizeof own) == 0) return DRIFTLESS_OK;
  return driftless_refuse(reason, DRIFTLESS_TYPE_NOT_ACCEPTED, "the tone is mono at 48000 Hz");
}

driftless_status change_state(void *filter, uint32_t transition, int64_t, driftless_reason *) {
  Tone &tone = Tone::of(filter);
  tone.running = transition == 2;
  tone.made = -1;
  tone.broken = true;
  if (transition == 1) { /* activated: stream time will begin at 0 */
    tone.frame = 0;
    tone.last = never;
  }
  return DRIFTLESS_OK;
}

driftless_status cue(void *) { return DRIFTLESS_CANT_CUE; }

driftless_wake step(void *filter, const driftless_output *output) {
  Tone &tone = Tone::of(filter);
  if (!tone.running) return {1, 0, 0}; /* when signalled */
  if (tone.made < 0) {
    tone.first = output->now + period; /* when its last frame is there */
    tone.made = 0;
  }
  for (; tone.due() <= output->now; tone.made++) tone.deliver(output);
  return {0, 0, tone.due()}; /* at a time */
}

size_t counters(void *filter, driftless_counter *list, size_t) {
  list[0].name = "without-memory";
  list[0].value = Tone::of(filter).without_memory;
  return 1;
}

driftless_status latency(void *, uint32_t, int64_t *ns) {
  *ns = period;
  return DRIFTLESS_OK;
}

driftless_status flags(void *, uint32_t, uint32_t *flags) {
  *flags = 0; /* live, no rate matching of its own, stamps of the graph's clock */
  return DRIFTLESS_OK;
}

uint32_t stamps(void *, uint32_t) { return 0; /* delivery */ }

driftless_status stream_offset(void *filter, uint32_t, int64_t *ns) {
  *ns = Tone::of(filter).offset;
  return DRIFTLESS_OK;
}

driftless_status set_stream_offset(void *filter, uint32_t, int64_t ns) {
  if (ns < 0) return DRIFTLESS_INVALID_ARGUMENT;
  Tone &tone = Tone::of(filter);
  tone.broken |= ns != tone.offset;
  tone.offset = ns;
  return ns > max_offset ? DRIFTLESS_FALSE : DRIFTLESS_OK;
}

driftless_status max_stream_offset(void *, uint32_t, int64_t *ns) {
  *ns = max_offset;
  return DRIFTLESS_OK;
}

const driftless_latency latency_table = {sizeof latency_table, latency, nullptr};

const driftless_push_source push_source_table = {
    sizeof push_source_table, flags,   stamps, stream_offset, set_stream_offset, max_stream_offset,
    nullptr};

const driftless_filter_table table = {
    sizeof table, 0,
    destroy,      media_types,
    connect,      nullptr, /* disconnect */
    change_state, cue,
    step,         nullptr, /* receive */
    nullptr,               /* mark */
    nullptr,               /* ready */
    counters,     &latency_table,
    &push_source_table,
    nullptr, nullptr, nullptr, nullptr, nullptr /* no further capabilities */
};

void *create(const driftless_setting *settings, size_t count, const driftless_host *host,
             driftless_reason *reason) {
  const driftless_setting *frequency = driftless_setting_named(settings, count, "frequency");
  const driftless_setting *level = driftless_setting_named(settings, count, "level");
  Tone *tone = new (std::nothrow) Tone();
  if (!tone || !frequency || !level) {
    driftless_refuse(reason, DRIFTLESS_FAIL, tone ? "a setting is missing" : "there is no memory");
    delete tone;
    return nullptr;
  }
  tone->table = &table;
  tone->host = host;
  tone->step = 6.283185307179586 * frequency->number / rate;
  tone->factor = std::pow(10.0, level->number / 20.0);
  return tone;
}

const driftless_factory factory = {sizeof factory, 1, "example.cpp-tone", create};

}  // namespace

DRIFTLESS_LIBRARY(&factory)
DRIFTLESS_DESCRIPTOR("plugin.toml")
