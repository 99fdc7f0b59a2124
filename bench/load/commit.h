// The commit that the program was built from: "4c1f9a2b7d3e", with "-changed"
// behind it if files differed from it, or "unknown".

#ifndef RINGDIST_BENCH_LOAD_COMMIT_H_
#define RINGDIST_BENCH_LOAD_COMMIT_H_

namespace ringdist {

extern const char kCommit[];

}  // namespace ringdist

#endif  // RINGDIST_BENCH_LOAD_COMMIT_H_
