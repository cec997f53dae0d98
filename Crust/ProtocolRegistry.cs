using System.Collections.Concurrent;
using Crust.Session;
using Crust.Session.Driver;

namespace Crust;

/// <summary>Who takes what in a node: handlers of messages, streams, requests and datagrams by protocol. Thread safe.</summary>
internal sealed class ProtocolRegistry(Func<SessionDriver, PeerConnection> connectionOf)
{
    internal const string ReservedPrefix = "crust/";

    private readonly ConcurrentDictionary<string, InboundHandler> _messages = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StreamHandler> _streams = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, InboundHandler> _datagrams = new(StringComparer.Ordinal);

    internal InboundHandler? FindMessageHandler(string protocol) => _messages.GetValueOrDefault(protocol);

    internal StreamHandler? FindStreamHandler(string protocol) => _streams.GetValueOrDefault(protocol);

    internal InboundHandler? FindDatagramHandler(string protocol) => _datagrams.GetValueOrDefault(protocol);

    /// <summary>Registers a handler of one of Crust's own protocols.</summary>
    internal void AddInternal(string protocol, InboundHandler handler) => _messages[protocol] = handler;

    internal void Add(string protocol, PeerMessageHandler handler)
    {
        Require(protocol, handler);
        _messages[protocol] = (m, token) => handler(Message(m), token);
    }

    internal void AddDatagrams(string protocol, PeerMessageHandler handler)
    {
        Require(protocol, handler);
        _datagrams[protocol] = (m, token) => handler(Message(m), token);
    }

    internal void Add(string protocol, PeerStreamHandler handler)
    {
        Require(protocol, handler);
        _streams[protocol] = async (session, endpoint, token) =>
        {
            var stream = new PeerStream(connectionOf(session), endpoint);
            await handler(stream, token).ConfigureAwait(false);
            // Only now: a stream whose handler throws is given up, and what was closed before would look whole.
            await stream.DisposeAsync().ConfigureAwait(false);
        };
    }

    internal void Add(string protocol, PeerRequestHandler handler)
    {
        Require(protocol, handler);
        _streams[protocol] = async (session, endpoint, token) =>
        {
            using var abandoned = CancellationTokenSource.CreateLinkedTokenSource(token, endpoint.Stopped);
            var payload = await RequestStream.ReadAllAsync(endpoint, abandoned.Token).ConfigureAwait(false);
            var request = new PeerRequest(connectionOf(session), protocol, payload, endpoint.IsSigned);
            var response = await handler(request, abandoned.Token).ConfigureAwait(false);
            if (response.Length > WireLimits.MaxMessageLength)
                throw new InvalidOperationException($"A response has at most {WireLimits.MaxMessageLength} bytes; this one has {response.Length}.");
            await endpoint.WriteAsync(response, abandoned.Token).ConfigureAwait(false);
        };
    }

    /// <summary>Checks that an application may use the name.</summary>
    internal static void RequireApplicationProtocol(string protocol)
    {
        ArgumentException.ThrowIfNullOrEmpty(protocol);
        if (protocol.StartsWith(ReservedPrefix, StringComparison.Ordinal))
            throw new ArgumentException($"Protocols that begin with '{ReservedPrefix}' are Crust's own.", nameof(protocol));
    }

    private static void Require(string protocol, Delegate handler)
    {
        RequireApplicationProtocol(protocol);
        ArgumentNullException.ThrowIfNull(handler);
    }

    private PeerMessage Message(in DeliveredMessage m) => new(connectionOf(m.Session), m.Protocol, m.Payload, m.Number, m.IsSigned, m.Evidence);
}
