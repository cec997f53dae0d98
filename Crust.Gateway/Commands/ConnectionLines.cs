using System.Diagnostics;
using System.Globalization;
using Crust.Transport;

namespace Crust.Gateway.Commands;

/// <summary>
/// Tells how one peer is reached: <c>connected</c> with the path and why it is that one, then each change. Counts from its own beginning. Thread safe.
/// </summary>
internal sealed class ConnectionLines(CommandOutput output)
{
    private readonly Lock _order = new();
    private long _start = Stopwatch.GetTimestamp();
    private bool _isTold;

    /// <summary>A connection is being made, for the first time or again.</summary>
    internal void Begin() => Interlocked.Exchange(ref _start, Stopwatch.GetTimestamp());

    /// <summary>The connection is there.</summary>
    internal void Connected(PeerConnection connection)
    {
        lock (_order)
        {
            _isTold = true;
            TellConnected(connection);
        }
    }

    /// <summary>Milliseconds since the beginning.</summary>
    internal double Elapsed() => Math.Round(Stopwatch.GetElapsedTime(Interlocked.Read(ref _start)).TotalMilliseconds, 1);

    /// <summary>The first message was answered, so many milliseconds after the beginning, over such a path.</summary>
    internal void FirstMessage(PeerConnection connection, double took, ConnectionPath over)
    {
        var path = over.ToToken();
        output.Event(
            "first-message", string.Create(CultureInfo.InvariantCulture, $"The first message was answered {took} ms after the call, over {path}."),
            ("peer", connection.Peer.ToString()), ("ms", took), ("path", path));
    }

    /// <summary>The connection moved to another link, or has none at the moment. Before it was told to be there that is no news: what is told then is where it is by then.</summary>
    internal void PathChanged(PeerConnection connection)
    {
        lock (_order)
        {
            if (_isTold)
                TellChange(connection);
        }
    }

    private void TellChange(PeerConnection connection)
    {
        var took = Elapsed();
        if (connection.IsSuspended)
        {
            output.Event("suspended", "The link was lost; looking for another.", ("peer", connection.Peer.ToString()), ("ms", took));
            return;
        }

        var path = connection.Path.ToToken();
        output.Event(
            "path-changed", $"Now {path} to {connection.RemoteEndPoint} ({connection.PathReason}).",
            ("peer", connection.Peer.ToString()), ("path", path), ("local", connection.LocalEndPoint?.ToString()), ("remote", connection.RemoteEndPoint?.ToString()),
            ("ms", took), ("why", connection.PathReason));
    }

    private void TellConnected(PeerConnection connection)
    {
        var took = Elapsed();
        var path = connection.Path.ToToken();
        output.Event(
            "connected",
            string.Create(CultureInfo.InvariantCulture, $"Connected with {connection.Peer} in {took} ms: {path} to {connection.RemoteEndPoint} ({connection.PathReason})."),
            ("peer", connection.Peer.ToString()), ("path", path), ("local", connection.LocalEndPoint?.ToString()), ("remote", connection.RemoteEndPoint?.ToString()),
            ("ms", took), ("why", connection.PathReason), ("signed", connection.SendsSigned && connection.ReceivesSigned));
    }
}
