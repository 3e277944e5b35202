// A queue of device work beside the one that ATen uses, for exchanges that run while other work goes on.
//
//   stream->follow_current();                  // what is exchanged has been computed by then
//   ... NCCL calls with stream->handle() ...
//   stream->run([&] { sum.add_(part); });      // ATen's operations, after all that the stream was given before
//   auto mark = stream->mark();
//   mark->hold_current();                      // ATen's stream goes on once the mark is reached; the host goes on now
//
// An interface, so that the tests can run exchanges on a stand-in without a GPU.
#pragma once

#include <c10/core/Device.h>

#include <functional>
#include <memory>

namespace ft {

// A place in a stream.
class StreamMark {
 public:
  virtual ~StreamMark() = default;
  // Has the device come so far? Any thread may ask. Throws Error when the device has failed.
  [[nodiscard]] virtual bool reached() = 0;
  // What ATen's present stream is given from now on waits for the mark.
  virtual void hold_current() = 0;
};

class SideStream {
 public:
  virtual ~SideStream() = default;
  [[nodiscard]] virtual void* handle() = 0;  // a cudaStream_t
  // What this stream is given from now on waits for all that ATen's present stream has been given so far.
  virtual void follow_current() = 0;
  virtual void run(const std::function<void()>& work) = 0;
  [[nodiscard]] virtual std::shared_ptr<StreamMark> mark() = 0;
};

// A stream of the device's pool, by c10's interface of devices. The backend of `device` must be loaded.
[[nodiscard]] std::unique_ptr<SideStream> make_side_stream(at::Device device);

}  // namespace ft
