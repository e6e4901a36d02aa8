#include "orchestrator/stream/multicast.h"

#include <gio/gio.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {
namespace {

struct Unref {
  void operator()(gpointer p) const { g_object_unref(p); }
};
template <typename T>
using Object = std::unique_ptr<T, Unref>;

m4f::Error failed(const std::string& what, GError* error) {
  m4f::Error out{m4f::Errc::kIo, fmt::format("{}: {}", what, error ? error->message : "failed"), {}};
  g_clear_error(&error);
  return out;
}

}  // namespace

m4f::Result<void> join_group(GstElement* udpsrc, const std::vector<std::string>& senders) {
  Ptr<gchar> address, iface;
  gint port = 0, buffer_size = 0;
  g_object_get(udpsrc, "address", static_cast<gchar**>(out(address)), "multicast-iface",
               static_cast<gchar**>(out(iface)), "port", &port, "buffer-size", &buffer_size, nullptr);
  Object<GInetAddress> group(g_inet_address_new_from_string(address.get()));
  if (!group) return m4f::error(m4f::Errc::kInvalid, "'{}' is no address", address.get());
  // GLib takes the kernel's choice for an interface that it does not know.
  if (iface && *iface && if_nametoindex(iface.get()) == 0)
    return m4f::error(m4f::Errc::kIo, "there is no network interface '{}': see 'ip address'", iface.get());
  GError* error = nullptr;
  Object<GSocket> socket(g_socket_new(g_inet_address_get_family(group.get()), G_SOCKET_TYPE_DATAGRAM,
                                      G_SOCKET_PROTOCOL_UDP, &error));
  if (!socket) return tl::unexpected(failed("no socket", error));
  if (buffer_size > 0) g_socket_set_option(socket.get(), SOL_SOCKET, SO_RCVBUF, buffer_size, nullptr);
  Object<GSocketAddress> local(g_inet_socket_address_new(group.get(), static_cast<guint16>(port)));
  if (!g_socket_bind(socket.get(), local.get(), TRUE, &error))
    return tl::unexpected(failed(fmt::format("cannot receive on {}:{}", address.get(), port), error));
  // Only what this socket joined: not what others on this machine did (ip(7), ipv6(7)).
  const bool v4 = g_inet_address_get_family(group.get()) == G_SOCKET_FAMILY_IPV4;
  g_socket_set_option(socket.get(), v4 ? IPPROTO_IP : IPPROTO_IPV6,
                      v4 ? IP_MULTICAST_ALL : IPV6_MULTICAST_ALL, 0, nullptr);
  if (senders.empty() &&
      !g_socket_join_multicast_group(socket.get(), group.get(), FALSE, iface.get(), &error))
    return tl::unexpected(failed(fmt::format("cannot join {}", address.get()), error));
  for (const std::string& sender : senders) {
    Object<GInetAddress> from(g_inet_address_new_from_string(sender.c_str()));
    if (!from) return m4f::error(m4f::Errc::kInvalid, "sources= has '{}', which is no address", sender);
    if (!g_socket_join_multicast_group_ssm(socket.get(), group.get(), from.get(), iface.get(), &error))
      return tl::unexpected(failed(fmt::format("cannot join {} from {}", address.get(), sender), error));
  }
  g_object_set(udpsrc, "socket", socket.get(), "auto-multicast", FALSE, nullptr);
  return {};
}

}  // namespace sluice::stream
