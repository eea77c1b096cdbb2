#include "thread_pool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace grpo {
namespace {

// One loop in flight. Threads take the next chunk until none is left.
struct Job {
  detail::RangeBody body;
  void* context;
  int64_t n;
  int64_t chunk;
  std::atomic<int64_t> next{0};

  void Run() {
    for (;;) {
      const int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
      if (begin >= n) return;
      body(context, begin, std::min(begin + chunk, n));
    }
  }
};

thread_local bool insideBody = false;

class Pool {
 public:
  Pool() { Start(static_cast<int>(std::max(1u, std::thread::hardware_concurrency()))); }

  int Threads() {
    std::lock_guard<std::mutex> lock(mutex_);
    return static_cast<int>(workers_.size()) + 1;
  }

  void SetThreads(int n) {
    std::lock_guard<std::mutex> running(running_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
    std::lock_guard<std::mutex> lock(mutex_);
    workers_.clear();
    stopping_ = false;
    Start(std::max(1, n));
  }

  // Runs the loop on all threads; false when the pool is busy with the loop of another caller.
  bool TryRun(int64_t n, int64_t grain, detail::RangeBody body, void* context) {
    std::unique_lock<std::mutex> running(running_, std::try_to_lock);
    if (!running.owns_lock() || workers_.empty()) return false;
    const int64_t threads = static_cast<int64_t>(workers_.size()) + 1;
    Job job;
    job.body = body;
    job.context = context;
    job.n = n;
    job.chunk = std::max(grain, (n + 16 * threads - 1) / (16 * threads));
    const int64_t helpers = std::min(threads, (n + job.chunk - 1) / job.chunk) - 1;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = &job;
      seats_ = helpers;
    }
    if (helpers == threads - 1) {
      wake_.notify_all();
    } else {
      for (int64_t i = 0; i < helpers; i++) wake_.notify_one();
    }
    insideBody = true;
    job.Run();
    insideBody = false;
    // A worker that has not woken up yet finds no job and goes back to sleep: nobody waits for it.
    std::unique_lock<std::mutex> lock(mutex_);
    job_ = nullptr;
    done_.wait(lock, [this] { return active_ == 0; });
    return true;
  }

 private:
  void Start(int n) {
    for (int i = 1; i < n; i++) workers_.emplace_back([this] { Work(); });
  }

  void Work() {
    insideBody = true;
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stopping_ || (job_ != nullptr && seats_ > 0); });
      if (stopping_) return;
      Job* job = job_;
      seats_--;
      active_++;
      lock.unlock();
      job->Run();
      lock.lock();
      active_--;
      if (active_ == 0) done_.notify_one();
    }
  }

  std::mutex running_;  // held by the caller whose loop runs
  std::mutex mutex_;    // guards everything below
  std::condition_variable wake_;
  std::condition_variable done_;
  std::vector<std::thread> workers_;
  Job* job_ = nullptr;
  int64_t seats_ = 0;   // workers that may still join the job
  int64_t active_ = 0;  // workers inside the job
  bool stopping_ = false;
};

// Never destroyed: the workers sleep until the process ends, which needs no join.
Pool& ThePool() {
  static Pool* pool = new Pool();
  return *pool;
}

}  // namespace

void SetThreads(int n) {
  if (n != Threads()) ThePool().SetThreads(n);
}

int Threads() { return ThePool().Threads(); }

namespace detail {

void ParallelForImpl(int64_t n, int64_t grain, RangeBody body, void* context) {
  if (n <= 0) return;
  grain = std::max<int64_t>(grain, 1);
  if (n > grain && !insideBody && ThePool().TryRun(n, grain, body, context)) return;
  body(context, 0, n);
}

}  // namespace detail
}  // namespace grpo
