using System.Globalization;
using System.Text;

namespace Crust.Gateway.Files;

/// <summary>A transfer's progress as a line: for a terminal with a bar and as wide as that is, for a log without.</summary>
internal static class ProgressLine
{
    private const int LongestBar = 30, ShortestBar = 5;

    /// <summary><c>[#####.....]  43 %  312 MiB/s  0:12 left  file 3 of 12  direct-tcp</c>: at most <paramref name="width"/> characters, none of them control characters.</summary>
    internal static string ForTerminal(ProgressSnapshot progress, int width)
    {
        var words = Words(progress);
        var bar = Math.Min(LongestBar, width - words.Length - 4);
        if (bar < ShortestBar)
            return words.Length <= width ? words : words[..Math.Max(0, width)];
        var filled = bar * progress.Percent / 100;
        return $"[{new string('#', filled)}{new string('.', bar - filled)}] {words}";
    }

    /// <summary>The same without the bar, with the bytes: a sentence for a log.</summary>
    internal static string ForLog(ProgressSnapshot progress) => $"{Words(progress)}  {ByteSize.Format(progress.Bytes)} of {ByteSize.Format(progress.Total)}";

    /// <summary>Hours, minutes and seconds, as short as can be.</summary>
    internal static string Duration(TimeSpan time)
    {
        var seconds = (long)Math.Ceiling(time.TotalSeconds);
        return seconds < 3600
            ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}:{seconds % 60:00}")
            : string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}:{seconds / 60 % 60:00}:{seconds % 60:00}");
    }

    private static string Words(ProgressSnapshot progress)
    {
        var words = new StringBuilder();
        words.Append(CultureInfo.InvariantCulture, $"{progress.Percent,3} %");
        if (progress.Note.Length > 0)
            words.Append("  ").Append(progress.Note);
        else
            words.Append(CultureInfo.InvariantCulture, $"  {ByteSize.Format(progress.Rate),8}/s  {(progress.Remaining is { } left ? Duration(left) : "-:--")} left");
        if (progress.Files > 1)
            words.Append(CultureInfo.InvariantCulture, $"  file {Math.Min(progress.File, progress.Files)} of {progress.Files}");
        if (progress.Path.Length > 0)
            words.Append("  ").Append(progress.Path);
        return words.ToString();
    }
}
