#include "ringdist/runtime/signal_policy.h"

#include <variant>

#include "ringdist/proto/atom_view.h"

namespace ringdist {
namespace {

// What each kind of signal needs to be allowed.
class Check {
 public:
  explicit Check(const SignalPolicy& policy) : policy_(policy) {}

  bool operator()(const control::Send&) const { return policy_.send; }
  bool operator()(const control::AliasSend&) const { return policy_.send; }
  bool operator()(const control::RegSend& send) const {
    return policy_.send && Named(send.to);
  }
  bool operator()(const control::AltactSend& send) const {
    const auto* name = std::get_if<AtomView>(&send.to);
    return (send.exit ? policy_.exit : policy_.send) &&
           (name == nullptr || Named(*name));
  }
  bool operator()(const control::Link&) const { return policy_.link; }
  bool operator()(const control::MonitorP& monitor) const {
    const auto* name = std::get_if<AtomView>(&monitor.to);
    return policy_.monitor && (name == nullptr || Named(*name));
  }
  bool operator()(const control::Exit2&) const { return policy_.exit; }
  bool operator()(const control::SpawnRequest&) const { return policy_.spawn; }
  // Answers, and what takes back.
  template <typename Signal>
  bool operator()(const Signal&) const {
    return true;
  }

 private:
  bool Named(const AtomView& name) const {
    return !policy_.names.has_value() ||
           policy_.names->contains(name.ToString());
  }

  const SignalPolicy& policy_;
};

}  // namespace

bool SignalPolicy::Allows(const ControlMessage& signal) const {
  return std::visit(Check(*this), signal);
}

}  // namespace ringdist
