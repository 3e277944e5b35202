#include "parallel/cuda/side_stream.h"

#include <c10/core/Event.h>
#include <c10/core/Stream.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include "framework/base/error.h"

namespace ft {
namespace {

class DeviceMark final : public StreamMark {
 public:
  explicit DeviceMark(const c10::Stream& stream) : device_(stream.device()), event_(stream.device_type()) {
    event_.record(stream);
  }

  bool reached() override {
    try {
      return event_.query();
    } catch (const std::exception& error) {
      throw Error(fmt::format("the device failed: {}", error.what()));
    }
  }

  void hold_current() override { event_.block(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_)); }

 private:
  at::Device device_;
  c10::Event event_;
};

class DeviceStream final : public SideStream {
 public:
  explicit DeviceStream(at::Device device)
      : device_(device), stream_(c10::impl::VirtualGuardImpl(device.type()).getStreamFromGlobalPool(device, true)) {}

  void* handle() override { return stream_.native_handle(); }

  void follow_current() override {
    c10::Event event(device_.type());
    event.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
    event.block(stream_);
  }

  void run(const std::function<void()>& work) override {
    const c10::StreamGuard guard(stream_);
    work();
  }

  std::shared_ptr<StreamMark> mark() override { return std::make_shared<DeviceMark>(stream_); }

 private:
  at::Device device_;
  c10::Stream stream_;
};

}  // namespace

std::unique_ptr<SideStream> make_side_stream(at::Device device) { return std::make_unique<DeviceStream>(device); }

}  // namespace ft
