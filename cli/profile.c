#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUNCTIONS_SHOWN = 12 };

static const char *function_name(const hvm_profile *profile, size_t index) {
  const char *name = profile->functions[index].name;
  return name ? name : index == 0 ? "(in no spark)" : "(others)";
}

static double divide(double a, double b) { return b > 0 ? a / b : 1; }

// As text.

static void print_functions(const hvm_profile *profile) {
  fprintf(stderr, "\n  %-24s %9s %9s %14s %18s %18s\n", "sparks of", "made", "taken", "rewrites", "work s",
          "on the span s");
  for (size_t i = 0; i < profile->function_count && i < FUNCTIONS_SHOWN; i++) {
    const hvm_profile_function *function = &profile->functions[i];
    fprintf(stderr, "  %-24.60s %9" PRIu64 " %9" PRIu64 " %14" PRIu64 " %10.4f (%3.0f %%) %10.4f (%3.0f %%)\n",
            function_name(profile, i), function->sparks, function->taken, function->rewrites, function->work,
            100 * divide(function->work, profile->work), function->span, 100 * divide(function->span, profile->span));
  }
  if (profile->function_count > FUNCTIONS_SHOWN)
    fprintf(stderr, "  and %zu more\n", profile->function_count - FUNCTIONS_SHOWN);
}

static void print_bounds(const hvm_profile *profile) {
  double parallelism = divide(profile->work, profile->span);
  fputs("\n  processors               ", stderr);
  for (int n = 2; n <= 256; n *= 2) fprintf(stderr, "%7d", n);
  fputs("\n  speed-up: at least       ", stderr);
  for (int n = 2; n <= 256; n *= 2)
    fprintf(stderr, "%7.1f", fmax(1, divide(profile->work, profile->work / n + profile->span)));
  fputs("\n            at most        ", stderr);
  for (int n = 2; n <= 256; n *= 2) fprintf(stderr, "%7.1f", fmin(n, parallelism));
  fputs("\n", stderr);
}

void profile_print(const hvm_profile *profile, bool counted) {
  uint64_t sparks = 0, taken = 0;
  for (size_t i = 0; i < profile->function_count; i++)
    sparks += profile->functions[i].sparks, taken += profile->functions[i].taken;
  fprintf(stderr, "parallelism %.1f", divide(profile->work, profile->span));
  if (counted)
    fprintf(stderr, ", by rewrites %.1f", divide((double)profile->work_rewrites, (double)profile->span_rewrites));
  fputs("\n", stderr);
  fprintf(stderr, "  work  %12.4f s %15" PRIu64 " rewrites   all that was done\n", profile->work,
          profile->work_rewrites);
  fprintf(stderr, "  span  %12.4f s %15" PRIu64 " rewrites   what had to be done one after the other\n", profile->span,
          profile->span_rewrites);
  fprintf(stderr, "  wall  %12.4f s   on %u thread%s, which used %.2f processors on average\n", profile->wall,
          profile->threads, profile->threads == 1 ? "" : "s", divide(profile->work, profile->wall));
  fprintf(stderr, "  sparks %" PRIu64 ", of which other workers took %" PRIu64 "\n", sparks, taken);
  if (!profile->may_spark)
    fputs("  = note: one thread runs this program: 'hvm check --threads' says why, or '--strict=off -t 1' was given\n",
          stderr);
  else if (!sparks)
    fputs("  = note: it is sequential: no rule that was used demands two calls which may take long\n", stderr);
  if (profile->calm)
    fputs("  = note: workers waited for each other's values so often that no more sparks were made from then on\n",
          stderr);
  if (!sparks) return;
  print_bounds(profile);
  print_functions(profile);
}

// As a picture: how many were busy over time, and a lane for each worker.

enum { LEFT = 64, WIDTH = 820, TOP = 76, CHART = 180, LANE = 16, GAP = 6, RIGHT = 16, LANES_SHOWN = 256 };

typedef struct {
  FILE *out;
  const hvm_profile *profile;
  double end; // seconds
} Picture;

static double x_of(const Picture *picture, double seconds) { return LEFT + WIDTH * divide(seconds, picture->end); }

static void escape(FILE *out, const char *text) {
  for (; *text; text++) {
    if (*text == '&')
      fputs("&amp;", out);
    else if (*text == '<')
      fputs("&lt;", out);
    else if ((unsigned char)*text >= ' ')
      fputc(*text, out);
  }
}

__attribute__((format(printf, 6, 7))) static void
text_at(const Picture *picture, double x, double y, const char *anchor, const char *class, const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  fprintf(picture->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">", x, y, anchor, class);
  escape(picture->out, text);
  fputs("</text>\n", picture->out);
}

// A step function of the parts as an area above the base line, on top of what is there already (NULL: nothing).
static void area(const Picture *picture, const char *class, double base, double height, const float *value,
                 float *under) {
  const hvm_profile *profile = picture->profile;
  double last = -1;
  fprintf(picture->out, "<path class=\"%s\" d=\"M%d %.1f", class, LEFT, base);
  for (size_t i = 0; i < profile->part_count; i++) {
    double y = base - height * fmin(1, (double)(value[i] + (under ? under[i] : 0)));
    if (fabs(y - last) < 0.05) continue;
    fprintf(picture->out, "H%.1fV%.1f", x_of(picture, profile->part * (double)i), y);
    last = y;
  }
  fprintf(picture->out, "H%d", LEFT + WIDTH);
  if (!under) {
    fprintf(picture->out, "V%.1fZ\"/>\n", base);
    return;
  }
  for (size_t i = profile->part_count; i-- > 0;) {
    double y = base - height * fmin(1, (double)under[i]);
    fprintf(picture->out, "V%.1fH%.1f", y, x_of(picture, profile->part * (double)i));
    under[i] += value[i];
  }
  fputs("Z\"/>\n", picture->out);
}

// 1, 2 or 5 times a power of ten: about so many steps up to the end.
static double tick_step(double end, double steps) {
  double step = pow(10, floor(log10(end / steps))), rest = end / steps / step;
  return step * (rest > 5 ? 10 : rest > 2 ? 5 : rest > 1 ? 2 : 1);
}

static void draw_axes(const Picture *picture, double bottom, unsigned most) {
  double step = most <= 8 ? 1 : fmax(1, tick_step(most, 6)), base = TOP + CHART;
  for (double n = 0; n <= most; n += step) {
    double y = base - CHART * n / most;
    fprintf(picture->out, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n", LEFT, y, LEFT + WIDTH);
    text_at(picture, LEFT - 8, y + 4, "end", "small", "%.0f", n);
  }
  bool small = picture->end < 0.5;
  double unit = small ? 1e3 : 1;
  step = tick_step(picture->end * unit, 8);
  for (double time = 0; time <= picture->end * unit * 1.0001; time += step) {
    double x = x_of(picture, time / unit);
    fprintf(picture->out, "<path class=\"grid\" d=\"M%.1f %dV%.1f\"/>\n", x, TOP, bottom);
    text_at(picture, x, bottom + 18, "middle", "small", "%g", time);
  }
  text_at(picture, LEFT + WIDTH / 2.0, bottom + 38, "middle", "label", "time in %s",
          small ? "milliseconds" : "seconds");
  fprintf(picture->out,
          "<text transform=\"translate(20 %.1f) rotate(-90)\" text-anchor=\"middle\" class=\"label\">"
          "busy workers</text>\n",
          TOP + CHART / 2.0);
}

static void draw_legend(const Picture *picture, double y) {
  static const char *const names[] = {"busy", "searching", "waiting"};
  static const char *const texts[] = {"busy", "searching for work", "waiting for a value"};
  double x = LEFT;
  for (int i = 0; i < 3; i++) {
    fprintf(picture->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\"/>\n", names[i], x,
            y - 10);
    text_at(picture, x + 18, y, "start", "small", "%s", texts[i]);
    x += 150;
  }
}

static const char STYLE[] =
    "<style>\n"
    "svg{background:#ffffff;font-family:sans-serif}\n"
    "text{fill:#222222}.title{font-size:17px;font-weight:bold}.label{font-size:13px}.small{font-size:12px}\n"
    ".grid{stroke:#888888;stroke-opacity:.35;fill:none}.lane{fill:#888888;fill-opacity:.12}\n"
    ".busy{fill:#2b6cb0}.searching{fill:#a3a3a3}.waiting{fill:#dd6b20}\n"
    "@media (prefers-color-scheme:dark){svg{background:#16181d}text{fill:#e6e6e6}"
    ".busy{fill:#63a4e8}.searching{fill:#6b6f76}.waiting{fill:#f0924a}}\n"
    "</style>\n";

static void draw(const Picture *picture, const char *title) {
  const hvm_profile *profile = picture->profile;
  FILE *out = picture->out;
  size_t lanes = profile->lane_count < LANES_SHOWN ? profile->lane_count : LANES_SHOWN;
  double first = TOP + CHART + 34, bottom = first + (double)lanes * (LANE + GAP);
  int width = LEFT + WIDTH + RIGHT, height = (int)bottom + 50;
  fprintf(out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n",
          width, height, width, height);
  fputs("<title>", out);
  escape(out, title);
  fprintf(out, ": busy workers over time</title>\n%s", STYLE);
  text_at(picture, LEFT, 28, "start", "title", "%s: busy workers over time", title);
  text_at(picture, LEFT, 50, "start", "label",
          "work %.4g s, span %.4g s, parallelism %.1f; %.4g s on %u thread%s, %.2f processors on average",
          profile->work, profile->span, divide(profile->work, profile->span), profile->wall, profile->threads,
          profile->threads == 1 ? "" : "s", divide(profile->work, profile->wall));
  unsigned most = profile->threads;
  float *sum = calloc(profile->part_count + 1, sizeof *sum);
  if (!sum) return;
  for (size_t i = 0; i < profile->part_count; i++) {
    for (size_t lane = 0; lane < profile->lane_count; lane++) sum[i] += profile->lanes[lane].busy[i];
    sum[i] /= (float)most;
  }
  area(picture, "busy", TOP + CHART, CHART, sum, NULL);
  for (size_t lane = 0; lane < lanes; lane++) {
    double base = first + (double)lane * (LANE + GAP) + LANE;
    fprintf(out, "<g id=\"worker-%zu\"><rect class=\"lane\" x=\"%d\" y=\"%.1f\" width=\"%d\" height=\"%d\"/>\n", lane,
            LEFT, base - LANE, WIDTH, LANE);
    memset(sum, 0, profile->part_count * sizeof *sum);
    area(picture, "busy", base, LANE, profile->lanes[lane].busy, sum);
    area(picture, "waiting", base, LANE, profile->lanes[lane].waiting, sum);
    area(picture, "searching", base, LANE, profile->lanes[lane].searching, sum);
    text_at(picture, LEFT - 8, base - 3, "end", "small", "%zu", lane);
    fputs("</g>\n", out);
  }
  free(sum);
  draw_axes(picture, bottom, most);
  draw_legend(picture, TOP + CHART + 20);
  if (lanes < profile->lane_count)
    text_at(picture, LEFT + WIDTH, bottom + 38, "end", "small", "%zu more workers are not shown",
            profile->lane_count - lanes);
  fputs("</svg>\n", out);
}

bool profile_draw(const hvm_profile *profile, FILE *out, const char *title) {
  Picture picture = {out, profile, fmax(profile->wall, 1e-9)};
  draw(&picture, title);
  return fflush(out) == 0 && !ferror(out);
}
