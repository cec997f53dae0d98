using System.Globalization;
using System.Net;
using Crust.Identity;

namespace Crust.Access;

/// <summary>
/// The text form of <see cref="AccessRules"/>. Strict: a line that is not understood makes the whole text wrong, since half a list may let in
/// whom the other half keeps out. Pure.
/// </summary>
internal static class AccessText
{
    private const string Usage = "expected 'allow PEERID', 'deny PEERID' or 'deny NETWORK'";

    internal static bool TryParse(ReadOnlySpan<char> text, out AccessRules rules, out string? error)
    {
        rules = AccessRules.Everyone;
        error = null;
        // Editors that write in place leave the file empty for a moment, and nobody means "everyone" by that.
        if (text.IsEmpty)
            error = "line 1: the file is empty; a comment line says that no rules are meant";
        var parsed = AccessRules.Everyone;
        var number = 0;
        foreach (var line in text.EnumerateLines())
        {
            number++;
            if (error is null && Apply(line, ref parsed) is { } wrong)
                error = string.Create(CultureInfo.InvariantCulture, $"line {number}: {wrong}");
        }

        if (error is not null)
            return false;
        rules = parsed;
        return true;
    }

    /// <summary>Adds one line's rule; tells what is wrong with it, or null.</summary>
    private static string? Apply(ReadOnlySpan<char> line, ref AccessRules rules)
    {
        var comment = line.IndexOf('#');
        var rule = (comment < 0 ? line : line[..comment]).Trim(" \t");
        if (rule.IsEmpty)
            return null;
        var gap = rule.IndexOfAny(' ', '\t');
        if (gap < 0)
            return Usage;
        var verb = rule[..gap];
        var subject = rule[gap..].TrimStart(" \t");
        if (subject.ContainsAny(' ', '\t'))
            return Usage;
        var isAllow = verb.SequenceEqual("allow");
        if (!isAllow && !verb.SequenceEqual("deny"))
            return $"'{Shown(verb)}' is not a rule: {Usage}";
        if (PeerId.TryParse(subject, out var peer))
        {
            // Not AccessRules.Allow, which lifts a denial: in a file the order of lines must not matter.
            rules = isAllow ? rules.WithAllowed(peer) : rules.Deny(peer);
            return null;
        }

        if (!TryParseNetwork(subject, out var network, out var wrong))
            return wrong ?? $"'{Shown(subject)}' is neither a peer id nor a network";
        if (isAllow)
            return "networks can be denied, not allowed: an address proves nothing";
        rules = rules.Deny(network);
        return null;
    }

    private static bool TryParseNetwork(ReadOnlySpan<char> text, out IPNetwork network, out string? wrong)
    {
        (network, wrong) = (default, null);
        var slash = text.IndexOf('/');
        // IPAddress also takes "1" and "0x7f.1", and a scope.
        if (text.Contains('%') || !IPAddress.TryParse(slash < 0 ? text : text[..slash], out var address)
            || !(text.Contains(':') || (slash < 0 ? text : text[..slash]).SequenceEqual(address.ToString())))
            return false;
        var bits = address.GetAddressBytes().Length * 8;
        var length = bits;
        if (slash >= 0 && (!int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out length) || length > bits))
        {
            wrong = $"'{Shown(text[(slash + 1)..])}' is not a prefix length: 0 to {bits}";
            return false;
        }

        var bytes = address.GetAddressBytes();
        for (var bit = length; bit < bits; bit++)
        {
            if ((bytes[bit / 8] & (0x80 >> (bit % 8))) == 0)
                continue;
            wrong = $"'{Shown(text)}' has bits beyond its prefix length: which network is meant?";
            return false;
        }

        network = new IPNetwork(address, length);
        return true;
    }

    /// <summary>A piece of the file for a log line: short, and nothing in it steers a terminal.</summary>
    private static string Shown(ReadOnlySpan<char> text)
    {
        const int Longest = 64;
        var shown = new char[Math.Min(text.Length, Longest)];
        for (var i = 0; i < shown.Length; i++)
            shown[i] = char.IsAscii(text[i]) && !char.IsControl(text[i]) ? text[i] : '?';
        return new string(shown) + (text.Length > Longest ? "…" : "");
    }
}
