using Crust.Primitives;

namespace Crust.Nat.Stun;

/// <summary>
/// A STUN server (RFC 8489 §6.3.1) without sockets: answers Binding requests, and those of behaviour discovery (RFC 5780 §6.1) as far as it has the
/// places. An answer has at most 100 bytes, five times the shortest request. It keeps nothing of a request. Pure; one thread at a time.
/// </summary>
internal sealed class StunResponder(StunPlaces places, StunRateLimit limit)
{
    /// <summary>Room that an answer needs at most.</summary>
    internal const int MaxAnswerLength = 128;

    /// <summary>An answer is at most this many times as long as its request.</summary>
    internal const int MaxAmplification = 5;

    /// <summary>Most types named in UNKNOWN-ATTRIBUTES.</summary>
    private const int MaxUnknown = 8;

    /// <summary>
    /// Answers a request. False: no answer. Responses and indications are never answered, nor other methods, nor more than <see cref="StunRateLimit"/> allows.
    /// </summary>
    /// <param name="request">What came.</param>
    /// <param name="source">From whom.</param>
    /// <param name="place">Where it came to.</param>
    /// <param name="now">The time.</param>
    /// <param name="buffer">At least <see cref="MaxAnswerLength"/> bytes for the answer.</param>
    /// <param name="answer">What is to be sent.</param>
    internal bool TryAnswer(StunMessage request, TransportAddress source, StunPlace place, Instant now, Span<byte> buffer, out StunAnswer answer)
    {
        answer = default;
        if (request.Class != StunClass.Request || request.Method != StunHeader.Binding || source.Port == 0 || !limit.TryTake(source, now))
            return false;
        Span<ushort> unknown = stackalloc ushort[MaxUnknown];
        var count = request.GetUnknown(unknown);
        if (count > 0)
        {
            answer = new StunAnswer(Refuse(request, unknown[..count], buffer), source, place);
            return true;
        }

        var origin = place;
        if (request.TryGetChangeRequest(out var change) && change != StunChange.None)
        {
            origin = (StunPlace)((int)place ^ (int)change);
            if (!places.Has(origin))
            {
                // RFC 5780 §7.2: a server without another address does not know the attribute.
                unknown[0] = (ushort)StunAttribute.ChangeRequest;
                answer = new StunAnswer(Refuse(request, unknown[..1], buffer), source, place);
                return true;
            }
        }

        var destination = request.TryGetResponsePort(out var port) ? source with { Port = port } : source;
        var writer = new StunWriter(buffer, StunClass.SuccessResponse, request.Transaction);
        writer.Add(StunAttribute.XorMappedAddress, source);
        if (places.AddressOf(origin) is { } from)
            writer.Add(StunAttribute.ResponseOrigin, from);
        if (places.AddressOf((StunPlace)((int)place ^ (int)StunPlace.OtherBoth)) is { } other)
            writer.Add(StunAttribute.OtherAddress, other);
        Finish(request, ref writer);
        answer = new StunAnswer(writer.Length, destination, origin);
        return true;
    }

    /// <summary>420 (RFC 8489 §6.3.1), no longer than five requests.</summary>
    private static int Refuse(StunMessage request, ReadOnlySpan<ushort> unknown, Span<byte> buffer)
    {
        var writer = new StunWriter(buffer, StunClass.ErrorResponse, request.Transaction);
        writer.AddErrorCode(StunErrorCodes.UnknownAttribute, "Unknown Attribute");
        writer.AddUnknownAttributes(unknown);
        Finish(request, ref writer);
        return writer.Length;
    }

    private static void Finish(StunMessage request, ref StunWriter writer)
    {
        if (request.HasFingerprint)
            writer.AddFingerprint();
    }
}
