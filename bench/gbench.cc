// SPDX-License-Identifier: MIT
// The only file that knows Google Benchmark, and the only C++ of the project. It calibrates, repeats and times; what
// the times mean is for the C side.
#include "gbench.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

// Collects the repetitions of each case instead of printing them.
class Collector : public benchmark::BenchmarkReporter {
  public:
    Collector(gbench_sink *sink, void *context) : sink_(sink), context_(context) {}
    bool ReportContext(const Context &) override { return true; }
    void ReportRuns(const std::vector<Run> &runs) override {
        std::vector<double> seconds;
        for (const Run &run : runs) {
            if (run.run_type != Run::RT_Iteration || run.error_occurred || run.iterations == 0) continue;
            seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
        }
        if (!seconds.empty()) sink_(context_, runs.front().run_name.function_name.c_str(), seconds.data(), seconds.size());
    }

  private:
    gbench_sink *sink_;
    void *context_;
};

void run_case(benchmark::State &state, const gbench_case &c) {
    for (auto _ : state) c.run(c.context);
    using benchmark::Counter;
    if (c.bytes > 0) state.counters["bytes/s"] = Counter(c.bytes, Counter::kIsIterationInvariantRate);
    if (c.flops > 0) state.counters["flop/s"] = Counter(c.flops, Counter::kIsIterationInvariantRate);
}

int repetitions_now = 9;
double min_seconds_now = 0.01;
std::vector<gbench_case> cases;
std::vector<std::string> names;

} // namespace

void gbench_register(const gbench_case *added) {
    cases.push_back(*added);
    names.emplace_back(added->name);
}

void gbench_run(int repetitions, double min_seconds, gbench_sink *sink, void *context) {
    repetitions_now = repetitions;
    min_seconds_now = min_seconds;
    for (size_t i = 0; i < cases.size(); i++) {
        const gbench_case c = cases[i];
        benchmark::RegisterBenchmark(names[i].c_str(), [c](benchmark::State &state) { run_case(state, c); })
            ->Repetitions(repetitions_now)
            ->MinTime(min_seconds_now)
            ->UseRealTime();
    }
    Collector collector(sink, context);
    benchmark::RunSpecifiedBenchmarks(&collector);
    benchmark::ClearRegisteredBenchmarks();
    cases.clear();
    names.clear();
}
