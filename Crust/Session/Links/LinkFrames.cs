using Crust.Primitives;
using Crust.Session.Frames;
using Crust.Wire;

namespace Crust.Session.Links;

/// <summary>Reads the frames that concern the link they come on, whether or not it carries the session.</summary>
internal static class LinkFrames
{
    /// <summary>Takes the next frame if it is one of them; GOODBYE is not, since it ends the session.</summary>
    /// <param name="links">Whose they are.</param>
    /// <param name="link">The link that it came on.</param>
    /// <param name="reader">At the frame's type; moved only if it is one of them.</param>
    /// <param name="now">Now.</param>
    /// <param name="wasLinkFrame">Whether it was.</param>
    /// <param name="hasMoved">True when another link carries the session now.</param>
    /// <returns>False when the frame is broken, or breaks the protocol.</returns>
    internal static bool TryHandle(LinkSet links, SessionLink link, ref SpanReader reader, Instant now, out bool wasLinkFrame, out bool hasMoved)
    {
        wasLinkFrame = true;
        hasMoved = false;
        switch ((FrameType)reader.Rest[0])
        {
            case FrameType.Ping:
                if (!TryReadToken(ref reader, out var ping))
                    return false;
                link.Heartbeat.HandlePing(ping);
                return true;
            case FrameType.Pong:
                if (!TryReadToken(ref reader, out var pong))
                    return false;
                hasMoved = links.HandlePong(link, pong, now);
                return true;
            case FrameType.Nominate:
                return reader.TryReadByte(out _) && NominateFrame.TryRead(ref reader, out var nomination) && links.TryHandle(link, nomination, now, out hasMoved);
            case FrameType.LinkRequest:
                return reader.TryReadByte(out _) && LinkRequestFrame.TryRead(ref reader, out var request) && links.TryHandleRequest(link, request, now, out hasMoved);
            default:
                wasLinkFrame = false;
                return true;
        }
    }

    private static bool TryReadToken(ref SpanReader reader, out ulong token)
    {
        token = 0;
        return reader.TryReadByte(out _) && reader.TryReadUInt64(out token);
    }
}
