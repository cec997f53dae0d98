using System.Collections.Immutable;

namespace Crust.Noise;

/// <summary>
/// A handshake pattern (Noise §7): a name, the public keys known beforehand, and the tokens of each message. Messages alternate and the
/// initiator sends the first. Parsed from the specification's own notation; pre-shared keys and fallback patterns are not supported.
/// </summary>
internal sealed class HandshakePattern
{
    private HandshakePattern(string name, bool initiatorKnown, bool responderKnown, ImmutableArray<ImmutableArray<HandshakeToken>> messages)
    {
        Name = name;
        InitiatorStaticIsKnown = initiatorKnown;
        ResponderStaticIsKnown = responderKnown;
        Messages = messages;
        UsesKem = messages.Any(message => message.Contains(HandshakeToken.E1));
        ProtocolName = $"Noise_{Name}_25519{(UsesKem ? "+MLKEM768" : "")}_ChaChaPoly_BLAKE2b";
    }

    /// <summary>What Crust speaks: IK with hybrid forward secrecy. The caller knows the responder's static key.</summary>
    internal static HandshakePattern IKhfs { get; } = Parse("IKhfs: <- s ... -> e, es, e1, s, ss <- e, ee, ekem1, se");

    /// <summary>The pattern's name with its modifiers, such as <c>XX</c> or <c>IKhfs</c>.</summary>
    internal string Name { get; }

    /// <summary>Whether <c>-> s</c> is a pre-message.</summary>
    internal bool InitiatorStaticIsKnown { get; }

    /// <summary>Whether <c>&lt;- s</c> is a pre-message.</summary>
    internal bool ResponderStaticIsKnown { get; }

    /// <summary>The tokens of each message; even ones are the initiator's.</summary>
    internal ImmutableArray<ImmutableArray<HandshakeToken>> Messages { get; }

    /// <summary>Whether a message carries <see cref="HandshakeToken.E1"/>.</summary>
    internal bool UsesKem { get; }

    /// <summary>The full protocol name (§8) with this library's only algorithms.</summary>
    internal string ProtocolName { get; }

    /// <summary>Parses the notation of §7.2, such as <c>IK: &lt;- s ... -> e, es, s, ss &lt;- e, ee, se</c>; line breaks count as spaces.</summary>
    /// <exception cref="FormatException">The text is not a pattern that this engine runs.</exception>
    internal static HandshakePattern Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
            throw new FormatException("A pattern starts with its name and a colon.");
        var name = text[..colon].Trim();
        var body = text[(colon + 1)..];
        var dots = body.IndexOf("...", StringComparison.Ordinal);
        var (initiatorKnown, responderKnown) = (false, false);
        foreach (var (fromInitiator, tokens) in dots < 0 ? [] : Lines(body[..dots]))
        {
            if (tokens is not [HandshakeToken.S])
                throw new FormatException("The only pre-message is s.");
            initiatorKnown |= fromInitiator;
            responderKnown |= !fromInitiator;
        }

        var messages = ImmutableArray.CreateBuilder<ImmutableArray<HandshakeToken>>();
        foreach (var (fromInitiator, tokens) in Lines(dots < 0 ? body : body[(dots + 3)..]))
        {
            if (fromInitiator != (messages.Count % 2 == 0) || tokens.IsEmpty)
                throw new FormatException("Messages alternate, the initiator sends the first, and none is empty.");
            messages.Add(tokens);
        }

        if (messages.Count == 0)
            throw new FormatException("A pattern has a message.");
        return new HandshakePattern(name, initiatorKnown, responderKnown, messages.ToImmutable());
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    private static IEnumerable<(bool FromInitiator, ImmutableArray<HandshakeToken> Tokens)> Lines(string text)
    {
        var words = text.Split([' ', '\t', '\r', '\n', ','], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < words.Length;)
        {
            var fromInitiator = words[i] switch { "->" => true, "<-" => false, _ => throw new FormatException("A line starts with an arrow.") };
            var tokens = ImmutableArray.CreateBuilder<HandshakeToken>();
            for (i++; i < words.Length && words[i] is not ("->" or "<-"); i++)
                tokens.Add(Token(words[i]));
            yield return (fromInitiator, tokens.ToImmutable());
        }
    }

    private static HandshakeToken Token(string word) => word switch
    {
        "e" => HandshakeToken.E,
        "s" => HandshakeToken.S,
        "ee" => HandshakeToken.EE,
        "es" => HandshakeToken.ES,
        "se" => HandshakeToken.SE,
        "ss" => HandshakeToken.SS,
        "e1" => HandshakeToken.E1,
        "ekem1" => HandshakeToken.EKem1,
        _ => throw new FormatException($"'{word}' is not a token of this engine."),
    };
}
