using Crust.Session.Streams;

namespace Crust.Session.Driver;

/// <summary>The streams of a session that somebody holds, and what the machine tells of them. Guarded by the session's lock.</summary>
internal sealed class StreamEndpoints(SessionDriver session, ISessionOwner owner, InboundDispatcher inbound)
{
    private readonly HashSet<StreamEndpoint> _endpoints = [];

    /// <summary>Streams that are not over, as far as somebody holds them.</summary>
    internal int Count => _endpoints.Count;

    /// <summary>The endpoint of a stream, made at first use.</summary>
    internal StreamEndpoint Of(SessionStream stream)
    {
        if (stream.Tag is StreamEndpoint known)
            return known;
        var endpoint = new StreamEndpoint(session, stream);
        stream.Tag = endpoint;
        _endpoints.Add(endpoint);
        return endpoint;
    }

    /// <summary>Passes on what the machine tells of a stream.</summary>
    internal void Deliver(in SessionEvent e)
    {
        if (e.Kind == SessionEventKind.StreamOver)
        {
            // Whoever holds it still reads what arrived.
            if (e.Stream!.Tag is StreamEndpoint over)
                _endpoints.Remove(over);
            return;
        }

        var endpoint = Of(e.Stream!);
        // A signed opening says nothing of what follows, nor does our own of the answer: each piece tells for itself.
        if (!e.IsSigned && e.Kind is (SessionEventKind.StreamOpened or SessionEventKind.StreamData or SessionEventKind.StreamFinished) && owner.RequiresSignature(endpoint.Protocol))
        {
            endpoint.RefuseUnsigned();
            if (e.Kind == SessionEventKind.StreamData)
                endpoint.OnData(e.Payload, isSigned: false);
            return;
        }

        switch (e.Kind)
        {
            case SessionEventKind.StreamOpened:
                if (inbound.TryDispatch(endpoint) is { } refusal)
                    endpoint.Abort(refusal);
                break;
            case SessionEventKind.StreamData:
                endpoint.OnData(e.Payload, e.IsSigned);
                break;
            case SessionEventKind.StreamFinished:
                endpoint.OnFinished(e.IsSigned);
                break;
            case SessionEventKind.StreamReset:
                endpoint.OnReset(e.Code);
                break;
            case SessionEventKind.StreamStopped:
                endpoint.OnStopped(e.Code);
                break;
            default:
                endpoint.OnWritable();
                break;
        }
    }

    /// <summary>The session is over: whoever waits for a stream is told.</summary>
    internal void OnSessionEnded()
    {
        foreach (var endpoint in _endpoints)
            endpoint.OnSessionEnded();
        _endpoints.Clear();
    }
}
